/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How ACRN announces itself in CPUID.
 *
 * Source: ACRN's hypervisor/arch/x86/guest/vcpuid.c, as Linux's arch/x86/kernel/cpu/acrn.c reads
 * it.
 */
#ifndef EXAMPLES_ACRN_CPUID_H
#define EXAMPLES_ACRN_CPUID_H

#include <stdbool.h>

#include "x86.h"

#define CPUID_ACRN_SIGNATURE	0x40000000
#define CPUID_ACRN_FEATURES	0x40000001
#define CPUID_ACRN_TSC_KHZ	0x40000010
#define ACRN_SIGNATURE_EBX	0x4e524341 /* "ACRN" */
#define ACRN_SIGNATURE_ECX	0x4e524341 /* "ACRN" */
#define ACRN_SIGNATURE_EDX	0x4e524341 /* "ACRN" */
#define ACRN_FEATURE_PRIVILEGED 0x1	   /* this is the Service VM */

static inline bool acrn_present(void)
{
	struct cpuid r = cpuid(CPUID_ACRN_SIGNATURE, 0);

	return r.ebx == ACRN_SIGNATURE_EBX && r.ecx == ACRN_SIGNATURE_ECX &&
	       r.edx == ACRN_SIGNATURE_EDX;
}

#endif
