/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a record is written: the steps by which it changes, each one atomic access or a few plain
 * ones in a slot that is taken. acrn_ring.h says what the states mean. Not for use by itself; all
 * names end in an underscore, but for two objects.
 *
 * A slot belongs to whoever took its word from an even state to an odd one (WRITING, RETURNING), by
 * compare-exchange, until it stores an even one. Nobody waits: a writer that finds its slot taken,
 * or already used by a later lap, counts its call as lost and goes on. So a writer that is
 * interrupted, preempted or migrated at any point delays nobody and spoils no record.
 *
 * A store that publishes is a release, marked with the reader's load that pairs with it.
 *
 * All that each call needs is inline, at the site: a function would be two more jumps that are not
 * foreseen, which is a tenth of what a call costs under QEMU. What is rare is in ring.c.
 */
#ifndef ACRN_RING_WRITER_H
#define ACRN_RING_WRITER_H

#include "acrn_recorder.h"

#define ACRN_INLINE_ static __inline__ __attribute__((always_inline, unused))
#define ACRN_RARE_   __attribute__((noinline, cold))

#define ACRN_CHANGED_ALL_ 15 /* every register but RAX and RSP, and RFLAGS */

#if ACRN_RING_CAPTURE
#define ACRN_CAPTURE_OFFSET_ sizeof(struct acrn_record)
#define ACRN_CAPTURE_SIZE_   (sizeof(struct acrn_capture) + 2 * ACRN_RING_CAPTURE)
#else
#define ACRN_CAPTURE_OFFSET_ 0
#define ACRN_CAPTURE_SIZE_   0
#endif
#ifdef ACRN_TRAMPOLINE
#define ACRN_CHANGED_OFFSET_ (sizeof(struct acrn_record) + ACRN_CAPTURE_SIZE_)
#define ACRN_CHANGED_SLOTS_  ACRN_CHANGED_ALL_
#define ACRN_CHANGED_SIZE_   (sizeof(struct acrn_changed) + 16 * ACRN_CHANGED_ALL_)
#else
#define ACRN_CHANGED_OFFSET_ 0
#define ACRN_CHANGED_SLOTS_  0
#define ACRN_CHANGED_SIZE_   0
#endif

union acrn_slot {
	struct acrn_record record;
	uint8_t bytes[sizeof(struct acrn_record) + ACRN_CAPTURE_SIZE_ + ACRN_CHANGED_SIZE_];
} __attribute__((aligned(64)));

extern union acrn_slot acrn_ring_records[ACRN_RINGS][ACRN_RING_RECORDS]
	__attribute__((visibility("hidden")));

/* A call whose slot is taken, or which is not recorded: then `record` is a null pointer. */
struct acrn_claim_ {
	struct acrn_record *record;
	uint64_t word;	/* what commits it, in state CALLED */
	uint64_t where; /* what goes to ACRN_WHERE_ with the site: where the call is made */
};

/* The record's last eight bytes are written at once: site, vcpu and flags. */
#define ACRN_WHERE_	  __builtin_offsetof(struct acrn_record, site)
#define ACRN_VCPU_SHIFT_  32
#define ACRN_FLAGS_SHIFT_ 48

#ifndef ACRN_TSC
#define ACRN_TSC() __builtin_ia32_rdtsc()
#endif

ACRN_INLINE_ uint64_t acrn_load_(const uint64_t *field)
{
	return __atomic_load_n(field, __ATOMIC_RELAXED);
}

ACRN_INLINE_ void acrn_store_(uint64_t *field, uint64_t value)
{
	__atomic_store_n(field, value, __ATOMIC_RELAXED);
}

ACRN_INLINE_ uint64_t acrn_word_(uint64_t sequence, enum acrn_record_state state)
{
	return sequence << ACRN_WORD_SEQUENCE_SHIFT | state;
}

ACRN_INLINE_ int acrn_exchange_word_(struct acrn_record *record, uint64_t from, uint64_t to)
{
	return __atomic_compare_exchange_n(&record->word, &from, to, 0, __ATOMIC_ACQ_REL,
					   __ATOMIC_RELAXED);
}

ACRN_INLINE_ void acrn_add_flags_(struct acrn_record *record, uint32_t flags)
{
	uint16_t old = __atomic_load_n(&record->flags, __ATOMIC_RELAXED);

	__atomic_store_n(&record->flags, (uint16_t)(old | flags), __ATOMIC_RELAXED);
}

/* Returns flags to go with `where`. */
uint64_t acrn_ring_capture_in_(struct acrn_record *record, const struct acrn_captured_ *captured);
void acrn_ring_capture_out_(struct acrn_record *record, const struct acrn_captured_ *captured);

/* Takes the slot of a call for which acrn_take_slot_() will not do; 0, and counted, if it is lost.
 */
ACRN_RARE_ int acrn_ring_take_slowly_(uint32_t ring, uint64_t sequence);
ACRN_RARE_ void acrn_ring_count_lapped_(const struct acrn_record *record);

/* 0 or 1. */
ACRN_INLINE_ uint64_t acrn_needs_care_(const struct acrn_ring *ring, uint64_t sequence)
{
	return sequence % ACRN_RING_MARK == 0 ||
	       (ACRN_RING_MODE == ACRN_RING_STOPS && sequence >= acrn_load_(&ring->limit));
}

/*
 * Takes the slot if it holds what it holds as a rule: the call of a lap ago, returned. Where care
 * is needed that is made a word that no record has: one branch does for both.
 */
ACRN_INLINE_ int acrn_take_slot_(const struct acrn_ring *ring, struct acrn_record *record,
				 uint64_t sequence)
{
	uint64_t lap_ago = acrn_word_(sequence - ACRN_RING_RECORDS, ACRN_RECORD_RETURNED);

	return acrn_exchange_word_(record, lap_ago + acrn_needs_care_(ring, sequence),
				   acrn_word_(sequence, ACRN_RECORD_WRITING));
}

/* Takes a slot and writes the entry half; what is left is acrn_commit_(). */
ACRN_INLINE_ struct acrn_claim_ acrn_ring_begin_(uint64_t number, uint64_t arg1, uint64_t arg2,
						 uint64_t flags)
{
	uint32_t vcpu = ACRN_VCPU();
	uint32_t index = vcpu < ACRN_RINGS ? vcpu : 0;
	struct acrn_ring *ring = &acrn_ring_header.rings[index];
	uint64_t sequence = __atomic_fetch_add(&ring->claimed, 1, __ATOMIC_RELAXED);
	struct acrn_record *record = &acrn_ring_records[index][sequence % ACRN_RING_RECORDS].record;

	if (__builtin_expect(!acrn_take_slot_(ring, record, sequence), 0) &&
	    !acrn_ring_take_slowly_(index, sequence))
		return (struct acrn_claim_){0};
	acrn_store_(&record->tsc_entry, ACRN_TSC());
	acrn_store_(&record->number, number);
	acrn_store_(&record->arg1, arg1);
	acrn_store_(&record->arg2, arg2);
	return (struct acrn_claim_){record, acrn_word_(sequence, ACRN_RECORD_CALLED),
				    (uint64_t)(uint16_t)vcpu << ACRN_VCPU_SHIFT_ |
					    flags << ACRN_FLAGS_SHIFT_};
}

/*
 * Publishes the entry half; a reader's first load of the word pairs. ACRN_COMMIT_ of
 * acrn_recorded_call.h is the same in assembly, since only the asm that has the VMCALL can name its
 * address.
 */
ACRN_INLINE_ void acrn_commit_(struct acrn_claim_ claim, uint32_t site)
{
	__atomic_store_n(&claim.record->where, claim.where | site, __ATOMIC_RELAXED);
	__atomic_store_n(&claim.record->word, claim.word, __ATOMIC_RELEASE);
}

/* False, and counted, if the record was lapped: it is another call's. Else the return half is ours.
 */
ACRN_INLINE_ int acrn_begin_return_(struct acrn_record *record, uint64_t word)
{
	uint64_t tsc = ACRN_TSC();
	uint64_t taken = word + ACRN_RECORD_RETURNING - ACRN_RECORD_CALLED;

	if (__builtin_expect(!acrn_exchange_word_(record, word, taken), 0)) {
		acrn_ring_count_lapped_(record);
		return 0;
	}
	acrn_store_(&record->tsc_return, tsc);
	return 1;
}

/* Publishes the return half. A reader's first load of the word pairs. */
ACRN_INLINE_ void acrn_finish_return_(struct acrn_record *record, uint64_t word)
{
	__atomic_store_n(&record->word, word + ACRN_RECORD_RETURNED - ACRN_RECORD_CALLED,
			 __ATOMIC_RELEASE);
}

ACRN_INLINE_ void acrn_ring_end_(struct acrn_record *record, uint64_t word, long result,
				 const struct acrn_captured_ *captured)
{
	if (!acrn_begin_return_(record, word))
		return;
	if (captured)
		acrn_ring_capture_out_(record, captured);
	acrn_store_(&record->result, (uint64_t)result);
	if (__builtin_expect(result == ACRN_FAULTED, 0))
		acrn_add_flags_(record, ACRN_RECORD_FAULTED);
	acrn_finish_return_(record, word);
}

#endif
