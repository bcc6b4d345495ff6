/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The site record: what the image itself says about each instruction in it that makes a hypercall.
 *
 * The section .acrn_sites is an array of struct acrn_site, one for each VMCALL that is in the
 * image, in no promised order. docs/site-records.md is the specification. For readers and for the
 * two headers that write records (acrn_hypercall.h, acrn_asm.h); nothing here makes code. C and
 * assembly.
 */
#ifndef ACRN_SITE_H
#define ACRN_SITE_H

/* Bits of acrn_site.flags; a reader ignores those it does not know. */
#define ACRN_SITE_NUMBER_KNOWN 1

#ifndef __ASSEMBLER__
#include <stdint.h>

/*
 * Little-endian. Addresses are distances from the field that holds them, in bytes, so that the
 * record is right wherever the image is loaded.
 */
struct acrn_site {
	int32_t site; /* to the VMCALL; 0: no record, skip it */
	int32_t file; /* to the source file's name, NUL-terminated, as the compiler was given it; 0:
			 none */
	uint32_t line;	 /* in that file, from 1; 0: unknown */
	uint32_t flags;	 /* ACRN_SITE_* */
	uint64_t number; /* what the site loads into R8, if ACRN_SITE_NUMBER_KNOWN; else 0 */
};

_Static_assert(sizeof(struct acrn_site) == 24, "readers count on 24 bytes a record");
#endif

#endif
