/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls of which each field says what the others must be, and a reader that believes no record it
 * has not checked. For programs that include ring.c's parts.
 */
#ifndef TEST_RING_CHECKS_H
#define TEST_RING_CHECKS_H

#include "acrn_ring_writer.h"

#define FACTOR 0x9e3779b97f4a7c15ull

/* Makes the call `token`; returns what it has to remember until finish_test_call(). */
static inline struct acrn_claim_ start_test_call(uint64_t token)
{
	struct acrn_claim_ claim = acrn_ring_begin_(token, token * 3, token ^ FACTOR, 2);

	if (claim.record)
		acrn_commit_(claim, (uint32_t)(token * 5));
	return claim;
}

static inline void finish_test_call(struct acrn_claim_ claim, uint64_t token)
{
	if (claim.record)
		acrn_ring_end_(claim.record, claim.word, (long)(token + 7), 0);
}

struct copy {
	uint64_t word, number, arg1, arg2, result;
	uint32_t site;
};

/* As acrn_ring.h tells a reader to: false if the record changed meanwhile. */
static inline int copy_record(const struct acrn_record *record, struct copy *copy)
{
	copy->word = __atomic_load_n(&record->word, __ATOMIC_ACQUIRE);
	copy->number = __atomic_load_n(&record->number, __ATOMIC_ACQUIRE);
	copy->arg1 = __atomic_load_n(&record->arg1, __ATOMIC_ACQUIRE);
	copy->arg2 = __atomic_load_n(&record->arg2, __ATOMIC_ACQUIRE);
	copy->site = __atomic_load_n(&record->site, __ATOMIC_ACQUIRE);
	copy->result = __atomic_load_n(&record->result, __ATOMIC_ACQUIRE);
	return copy->word == __atomic_load_n(&record->word, __ATOMIC_RELAXED);
}

/* Whether all that is valid in the copy's state belongs to one call. */
static inline int is_whole(const struct copy *copy)
{
	uint64_t token = copy->number;

	switch (copy->word & ACRN_WORD_STATE_MASK) {
	case ACRN_RECORD_RETURNED:
		if (copy->result != token + 7)
			return 0;
		/* fall through */
	case ACRN_RECORD_CALLED:
	case ACRN_RECORD_RETURNING:
		return copy->arg1 == token * 3 && copy->arg2 == (token ^ FACTOR) &&
		       copy->site == (uint32_t)(token * 5);
	default:
		return 1;
	}
}

#endif
