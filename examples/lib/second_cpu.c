/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdint.h>

#include "acrn_cpuid.h"
#include "apic.h"
#include "console.h"
#include "machine.h"
#include "percpu.h"
#include "second_cpu.h"
#include "traps.h"
#include "x86.h"

#define SECOND_CPU_PATIENCE (4 * MACHINE_CLOCK_HERTZ)

extern char sipi_code[], sipi_code_end[], second_cpu_entry32[];

static void (*second_cpu_function)(void);
static bool second_cpu_runs;

void second_cpu_start(void)
{
	percpu_init(1);
	traps_init();
	__atomic_store_n(&second_cpu_runs, true, __ATOMIC_RELEASE);
	second_cpu_function();
	machine_fail();
}

/* The port by which our hypervisor starts a CPU; 0 where ACRN is played by somebody else. */
static uint16_t start_port(void)
{
	return acrn_present() ? (uint16_t)cpuid(CPUID_START_PORT, 0).eax : 0;
}

static void begin(void)
{
	uint16_t port = start_port();

	if (port) {
		outl(port, (uint32_t)(uint64_t)second_cpu_entry32);
		return;
	}
	memcpy((void *)SIPI_PAGE, sipi_code, sipi_code_end - sipi_code);
	apic_start_others(SIPI_PAGE);
}

void second_cpu_run(void (*function)(void))
{
	uint32_t start = machine_clock(0);

	second_cpu_function = function;
	begin();
	while (!__atomic_load_n(&second_cpu_runs, __ATOMIC_ACQUIRE)) {
		pause();
		if (machine_clock(start) < SECOND_CPU_PATIENCE)
			continue;
		print("no second CPU here: give QEMU -smp 2\n");
		machine_fail();
	}
}
