/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The page that a guest reserves for calls made by hand from the debugger (cstub/src/scratch.S,
 * docs/call.md), symbol acrn_scratch. The guest itself never uses it: the debugger writes VMCALL
 * and the argument's structures there, makes the call, and puts back what it found.
 *
 *   0                     the structures
 *   ACRN_SCRATCH_CODE     the instruction
 *   ACRN_SCRATCH_MAGIC    the bytes "ACRNCALL", by which the debugger knows the page
 */
#ifndef ACRN_SCRATCH_H
#define ACRN_SCRATCH_H

#define ACRN_SCRATCH_SIZE  4096 /* bytes, and its alignment */
#define ACRN_SCRATCH_CODE  4032
#define ACRN_SCRATCH_MAGIC 4088

#endif
