/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finds what is wrong with a call, by its registers, its memory and the table's rules. What takes
 * more than one call to tell is found elsewhere (trace/results.py).
 */
#ifndef DECODE_FINDINGS_H
#define DECODE_FINDINGS_H

#include "call.h"
#include "out.h"

/* Bits of an argument's register that were given and that the hypervisor does not look at. */
void find_unread(struct call *call, const struct table *table, struct arena *arena,
		 const uint8_t *argument, uint32_t index);

/* Bools in a structure that the caller wrote that are neither 0 nor 1. */
void find_no_truths(struct call *call, const struct table *table, struct arena *arena,
		    const uint8_t *argument, const struct value *before);

/* What is said of a hypervisor and of a register: as ACRN and RDI. */
void out_hypervisor(struct out *out, const struct table *table, const uint8_t *abi);
void out_register(struct out *out, uint32_t reg);

/* `service.c:42 create_vm`, or what of that is known, else the address; names by `out_name`. */
void out_place(struct out *out, const struct call *call,
	       void (*out_name)(struct out *out, const char *text, size_t length));

/* Add the finding whose text was written to the rest of the arena. */
void keep_finding(struct call *call, struct arena *arena, const char *kind, const struct out *out);

/* What is wrong at the return: registers that changed; results that mean something else, where they
   are to be judged. */
void find_at_return(struct call *call, const struct table *table, struct arena *arena,
		    int is_judged);

#endif
