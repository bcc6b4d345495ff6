/* SPDX-License-Identifier: BSD-3-Clause */
/* One function in a header, compiled into every file that includes it. */
#ifndef SHARED_H
#define SHARED_H

#include "acrn_calls.h"

static inline __attribute__((always_inline)) long shared_pause(unsigned long vmid)
{
	return acrn_hypercall1(0x80000013, vmid); /* nr 0x80000013 */
}

long other_file(unsigned long vmid);
long assembly_sites(unsigned long vmid);

#endif
