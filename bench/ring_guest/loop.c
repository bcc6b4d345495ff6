/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One loop of calls; compiled once without and once with the ring.
 */
#include "acrn_hypercall.h"
#include "loop.h"

#define SOME_CALL 0x80000099

void LOOP(unsigned long calls)
{
	for (unsigned long i = 0; i < calls; i++)
		acrn_hypercall2(SOME_CALL, i, 7);
}
