/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The steps by which a record changes, each one atomic access or a few plain ones in a slot that is
 * taken. acrn_ring.h says what the states mean, ring.c how the steps are put together.
 */
#ifndef RING_WRITER_H
#define RING_WRITER_H

#include "acrn_recorder.h"

/* QEMU chains pieces of code only within a page: a function that crosses one is half as fast. */
#define ACRN_FAST_TEXT __attribute__((section(".text.acrn_ring")))

#define ACRN_CHANGED_ALL 15 /* every register but RAX and RSP, and RFLAGS */

#if ACRN_RING_CAPTURE
#define ACRN_CAPTURE_OFFSET sizeof(struct acrn_record)
#define ACRN_CAPTURE_SIZE   (sizeof(struct acrn_capture) + 2 * ACRN_RING_CAPTURE)
#else
#define ACRN_CAPTURE_OFFSET 0
#define ACRN_CAPTURE_SIZE   0
#endif
#ifdef ACRN_TRAMPOLINE
#define ACRN_CHANGED_OFFSET (sizeof(struct acrn_record) + ACRN_CAPTURE_SIZE)
#define ACRN_CHANGED_SLOTS  ACRN_CHANGED_ALL
#define ACRN_CHANGED_SIZE   (sizeof(struct acrn_changed) + 16 * ACRN_CHANGED_ALL)
#else
#define ACRN_CHANGED_OFFSET 0
#define ACRN_CHANGED_SLOTS  0
#define ACRN_CHANGED_SIZE   0
#endif

struct acrn_slot {
	struct acrn_record record;
	uint8_t more[ACRN_CAPTURE_SIZE + ACRN_CHANGED_SIZE];
} __attribute__((aligned(64)));

/* In one register: where a call was made and which ring it goes to. */
struct acrn_place {
	uint16_t vcpu, flags;
	uint32_t ring;
};

extern struct acrn_slot acrn_ring_records[ACRN_RINGS][ACRN_RING_RECORDS];

static inline uint64_t word_of(uint64_t sequence, enum acrn_record_state state)
{
	return sequence << ACRN_WORD_SEQUENCE_SHIFT | state;
}

/* Fails if the slot is taken (an odd state), or a later lap came first. */
static inline int take_slot(struct acrn_record *record, uint64_t sequence)
{
	uint64_t word = acrn_load_(&record->word);

	if ((word & 1) || word > word_of(sequence, ACRN_RECORD_EMPTY))
		return 0;
	return acrn_exchange_word_(record, word, word_of(sequence, ACRN_RECORD_WRITING));
}

static inline void store_vcpu_and_flags(struct acrn_record *record, uint32_t vcpu, uint32_t flags)
{
	__atomic_store_n(&record->vcpu, (uint16_t)vcpu, __ATOMIC_RELAXED);
	__atomic_store_n(&record->flags, (uint16_t)flags, __ATOMIC_RELAXED);
}

/* Publishes the entry half; `word` is of state CALLED. A reader's first load of the word pairs. */
static inline void commit_call(struct acrn_record *record, uint64_t word, uint32_t site)
{
	__atomic_store_n(&record->site, site, __ATOMIC_RELAXED);
	__atomic_store_n(&record->word, word, __ATOMIC_RELEASE);
}

/* What is rare is a function of its own and a call in tail position, lest the rest save registers.
 */
__attribute__((noinline, cold)) struct acrn_claim acrn_ring_lose_(struct acrn_ring *ring);
__attribute__((noinline, cold)) struct acrn_claim
acrn_ring_begin_at_mark_(uint64_t number, uint64_t arg1, uint64_t arg2, struct acrn_place place,
			 uint64_t sequence);
/* Takes the slot and writes the entry half; what is left is commit_call(). */
static inline __attribute__((always_inline)) struct acrn_claim
write_entry(uint64_t number, uint64_t arg1, uint64_t arg2, struct acrn_place place,
	    uint64_t sequence)
{
	struct acrn_ring *ring = &acrn_ring_header.rings[place.ring];
	struct acrn_record *record =
		&acrn_ring_records[place.ring][sequence % ACRN_RING_RECORDS].record;

	if (__builtin_expect(sequence >= acrn_load_(&ring->limit) || !take_slot(record, sequence),
			     0))
		return acrn_ring_lose_(ring);
	acrn_store_(&record->tsc_entry, ACRN_TSC());
	acrn_store_(&record->number, number);
	acrn_store_(&record->arg1, arg1);
	acrn_store_(&record->arg2, arg2);
	store_vcpu_and_flags(record, place.vcpu, place.flags);
	return (struct acrn_claim){record, word_of(sequence, ACRN_RECORD_CALLED)};
}

static inline __attribute__((always_inline)) struct acrn_claim
begin_call(uint64_t number, uint64_t arg1, uint64_t arg2, uint32_t flags)
{
	uint32_t vcpu = ACRN_VCPU();
	uint32_t ring = vcpu < ACRN_RINGS ? vcpu : 0;
	struct acrn_place place = {.vcpu = (uint16_t)vcpu, .flags = (uint16_t)flags, .ring = ring};
	uint64_t sequence =
		__atomic_fetch_add(&acrn_ring_header.rings[ring].claimed, 1, __ATOMIC_RELAXED);

	if (__builtin_expect(sequence % ACRN_RING_MARK == 0, 0))
		return acrn_ring_begin_at_mark_(number, arg1, arg2, place, sequence);
	return write_entry(number, arg1, arg2, place, sequence);
}

#endif
