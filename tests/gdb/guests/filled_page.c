/* SPDX-License-Identifier: BSD-3-Clause */
/* A guest that has Xen's and Hyper-V's page before a debugger comes, where a Linux has them. Nobody
   is there to fill them: it does that itself, and only a mock answers its calls. */
#include "console.h"
#include "machine.h"
#include "percpu.h"
#include "start_info.h"
#include "traps.h"

#define ENTRY	 32
#define SCHED_OP 29
#define SIGNAL	 0x1005d /* signal_event, fast */

extern uint8_t hypercall_page[4096];
uint8_t hypercall_page[4096] __attribute__((aligned(4096)));
static uint8_t filled_by_hyperv[4096] __attribute__((aligned(4096)));
extern uint8_t *hv_hypercall_pg;
uint8_t *hv_hypercall_pg;

/* Not run: the page is empty before. */
static __attribute__((noinline)) void write_msrs(void)
{
	__asm__ volatile("mov $0x40000000, %%ecx\n\twrmsr" ::"a"(0), "d"(0) : "ecx");
	__asm__ volatile("mov $0x40000001, %%ecx\n\twrmsr" ::"a"(0), "d"(0) : "ecx");
}

static void fill(void)
{
	static const uint8_t call_and_return[] = {0x0f, 0x01, 0xc1, 0xc3};

	for (uint32_t number = 0; number < 64; number++) {
		uint8_t *entry = hypercall_page + number * ENTRY;

		entry[0] = 0xb8; /* MOV to EAX */
		entry[1] = (uint8_t)number;
		for (uint32_t i = 0; i < sizeof(call_and_return); i++)
			entry[5 + i] = filled_by_hyperv[i] = call_and_return[i];
	}
	hv_hypercall_pg = filled_by_hyperv;
}

void filled(void);
__attribute__((noinline)) void filled(void)
{
	__asm__ volatile("" ::: "memory");
}

static __attribute__((noinline)) long yield(void)
{
	unsigned long first = 0, second = 0;
	long ret;

	__asm__ volatile("call *%[entry]"
			 : "=a"(ret), "+D"(first), "+S"(second)
			 : [entry] "r"(hypercall_page + SCHED_OP * ENTRY)
			 : "memory");
	return ret;
}

static __attribute__((noinline)) long signal_event(void)
{
	unsigned long control = SIGNAL, input = 7;
	register unsigned long output __asm__("r8") = 0;
	long ret;

	__asm__ volatile("call *%[page]"
			 : "=a"(ret), "+c"(control), "+d"(input), "+r"(output)
			 : [page] "r"(hv_hypercall_pg)
			 : "r9", "r10", "r11", "memory");
	return ret;
}

_Noreturn void image_start(const struct start_info *info)
{
	(void)info;
	percpu_init(0);
	traps_init();
	if (hypercall_page[0])
		write_msrs();
	fill();
	filled();
	print("yield: %ld\n", yield());
	print("signal: %ld\n", signal_event());
	machine_power_off();
}
