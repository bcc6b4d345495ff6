/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdint.h>

#include "acrn_cpuid.h"
#include "apic.h"
#include "machine.h"
#include "percpu.h"
#include "second_cpu.h"
#include "traps.h"
#include "x86.h"

extern char sipi_code[], sipi_code_end[], second_cpu_entry32[];

static void (*second_cpu_function)(void);

void second_cpu_start(void)
{
	percpu_init(1);
	traps_init();
	second_cpu_function();
	machine_fail();
}

void second_cpu_run(void (*function)(void))
{
	second_cpu_function = function;
	if (acrn_present()) {
		outl(cpuid(CPUID_START_PORT, 0).eax, (uint32_t)(uint64_t)second_cpu_entry32);
		return;
	}
	memcpy((void *)SIPI_PAGE, sipi_code, sipi_code_end - sipi_code);
	apic_start_others(SIPI_PAGE);
}
