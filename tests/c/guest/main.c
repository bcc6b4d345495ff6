/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sites of every kind, for test_site_matrix.py. The comment on a site's line is what its record has
 * to say: the number, or ? for one that is known only at run time. Functions called dead_* are
 * reached by nothing: with --gc-sections neither they nor their records are in the image.
 */
#include "shared.h"

#define INIT_TEXT __attribute__((section(".init.text"), noinline))
#define NOINLINE  __attribute__((noinline))

volatile unsigned long input;

NOINLINE long constants(void)
{
	long sum = acrn_hypercall0(0x80000072); /* nr 0x80000072 */

	sum += acrn_hypercall1(0x80000012, 1);		/* nr 0x80000012 */
	sum += acrn_hypercall2(0x80000031, 1, 2);	/* nr 0x80000031 */
	sum += acrn_hypercall0(0xfedcba9876543210);	/* nr 0xfedcba9876543210 */
	sum += acrn_hypercall0(-1);			/* nr 0xffffffffffffffff */
	sum += acrn_hypercall0(0) + acrn_hypercall0(1); /* nr 0 or 1 */
	return sum;
}

NOINLINE long typed(void)
{
	struct acrn_vm_creation vm;

	vm.cpu_affinity = 1;
	return acrn_call(create_vm, &vm); /* nr 0x80000010 */
}

NOINLINE long run_time_number(unsigned long nr)
{
	return acrn_hypercall2(nr, input, input); /* nr ? */
}

NOINLINE long nested(void)
{
	return acrn_hypercall1(0x80000011, acrn_hypercall0(2)); /* nr 0x80000011 or 2 */
}

/* Small enough to be duplicated: by inlining, unrolling, and jump threading. */
NOINLINE long duplicated(unsigned long vmid)
{
	long sum = 0;

	if (vmid)
		sum += shared_pause(vmid);
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++)
		sum += acrn_hypercall1(0x80000015, i); /* nr 0x80000015 */
	if (vmid)
		sum += shared_pause(vmid + 1);
	return sum;
}

INIT_TEXT long in_init_text(void)
{
	return acrn_hypercall0(3); /* nr 3 */
}

long dead_function(void)
{
	return acrn_hypercall0(4) + shared_pause(9); /* nr 4, dead */
}

__attribute__((section(".init.text.dead"))) long dead_init(void)
{
	return acrn_hypercall0(5); /* nr 5, dead */
}

__attribute__((used)) long guest_main(void)
{
	return constants() + typed() + run_time_number(input) + nested() + duplicated(input) +
	       in_init_text() + other_file(input) + assembly_sites(input) + shared_pause(3);
}
