/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Selects calls as -e says (trace/filters.py, which parses it): conditions, all of which must hold.
 */
#ifndef DECODE_FILTER_H
#define DECODE_FILTER_H

#include <stdint.h>

#include "call.h"

enum condition_kind {
	CONDITION_NONE = 1, /* no call */
	CONDITION_CALL,	    /* it is in one of `range` */
	CONDITION_STATUS,   /* `number`: 1 failed, 2 successful, 3 unfinished */
	CONDITION_VCPU,	    /* one of `number` */
	CONDITION_SITE,	    /* its function is one of `text` */
	CONDITION_FINDING,  /* it has a finding of a kind that is one of `text` */
};

/* Calls of one ABI, by their numbers. */
struct call_range {
	uint32_t abi; /* as struct call has it */
	uint64_t first, last;
};

/*
 * One condition; the arrays are the caller's, and have each value once. `seen` is set to 1 for a
 * value that a call had.
 */
struct condition {
	uint32_t kind; /* enum condition_kind */
	uint32_t is_negated;
	uint32_t numbers, texts, ranges;
	const uint64_t *number;
	const char *const *text;
	const struct call_range *range;
	uint8_t *seen; /* one for each number, or each text; or NULL */
	/* Of CALL, or NULL: whether a number that the table does not have is selected by its name,
	   which a regular expression may match. */
	int (*has_unknown)(uint32_t abi, uint64_t number);
};

/* Whether the call is to be shown; `more` are findings that it is shown with beside its own. */
int filter_selects(const struct condition *conditions, uint32_t count, const struct call *call,
		   const struct finding *more);

#endif
