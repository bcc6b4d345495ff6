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
	CONDITION_CALL,	    /* its number is one of `number`, or in the group of one of `group` */
	CONDITION_STATUS,   /* `number`: 1 failed, 2 successful, 3 unfinished */
	CONDITION_VCPU,	    /* one of `number` */
	CONDITION_SITE,	    /* its function is one of `text` */
	CONDITION_FINDING,  /* it has a finding of a kind that is one of `text` */
};

/*
 * One condition; the arrays are the caller's, and have each value once. `seen` is set to 1 for a
 * value that a call had.
 */
struct condition {
	uint32_t kind; /* enum condition_kind */
	uint32_t is_negated;
	uint32_t numbers, texts, groups;
	const uint64_t *number;
	const char *const *text;
	const uint64_t *group;		     /* a number >> 4 */
	uint8_t *seen;			     /* one for each number, or each text; or NULL */
	int (*has_unknown)(uint64_t number); /* of CALL, or NULL: whether a number that the table
						does not have is selected by its name, which a
						regular expression may match */
};

/* Whether the call is to be shown; `more` are findings that it is shown with beside its own. */
int filter_selects(const struct condition *conditions, uint32_t count, const struct call *call,
		   const struct finding *more);

#endif
