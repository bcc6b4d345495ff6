// SPDX-License-Identifier: BSD-3-Clause
/* A module of Linux that makes two of ACRN's calls as it is loaded, and prints what came back. */
#include <linux/module.h>

#define START_VM 0x80000012ul
#define PAUSE_VM 0x80000013ul

static __always_inline long call(unsigned long number, unsigned long parameter)
{
	register unsigned long r8 asm("r8") = number;
	long result;

	asm volatile("vmcall" : "=a"(result) : "r"(r8), "D"(parameter) : "memory");
	return result;
}

static noinline long pause_it(void)
{
	return call(PAUSE_VM, 1);
}

static int __init load(void)
{
	long started = call(START_VM, 1);

	pr_emerg("makes_calls: %ld %ld\n", started, pause_it());
	return 0;
}
module_init(load);

MODULE_DESCRIPTION("Makes hypercalls");
MODULE_LICENSE("Dual BSD/GPL");
