/* SPDX-License-Identifier: BSD-3-Clause */
#include "shared.h"

/* With its static callee: each gets the header's function, and each copy its record. */
static __attribute__((noinline)) long twice(unsigned long vmid)
{
	return shared_pause(vmid) + shared_pause(vmid + 1);
}

long other_file(unsigned long vmid)
{
	return twice(vmid) + shared_pause(vmid);
}

long dead_in_other_file(unsigned long vmid)
{
	return twice(vmid) + acrn_hypercall1(6, vmid); /* nr 6, dead */
}
