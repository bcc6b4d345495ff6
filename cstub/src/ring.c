/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ring, and what the writer (acrn_ring_writer.h) does rarely. acrn_ring.h is the format and
 * what a reader may count on.
 */
#include "acrn_ring_writer.h"

_Static_assert((ACRN_RING_RECORDS & (ACRN_RING_RECORDS - 1)) == 0 && ACRN_RING_RECORDS > 0,
	       "ACRN_RING_RECORDS must be a power of two");
_Static_assert((ACRN_RING_MARK & (ACRN_RING_MARK - 1)) == 0 && ACRN_RING_MARK > 0 &&
		       ACRN_RING_MARK <= ACRN_RING_RECORDS,
	       "ACRN_RING_MARK must be a power of two, no more than ACRN_RING_RECORDS");
_Static_assert(ACRN_RINGS >= 1 && ACRN_RINGS < ACRN_VCPU_UNKNOWN, "ACRN_RINGS: one for each vCPU");
_Static_assert(ACRN_RING_CAPTURE % 8 == 0 && ACRN_RING_CAPTURE < 0x8000,
	       "ACRN_RING_CAPTURE must be a multiple of 8");

#ifndef ACRN_GPA
#define ACRN_GPA(pointer) ((unsigned long)(pointer))
#endif
#ifndef ACRN_TSC_KHZ
#define ACRN_TSC_KHZ() 0
#endif
#ifndef ACRN_CR3
#define ACRN_CR3() read_cr3()
#endif
#define LIMIT (ACRN_RING_MODE == ACRN_RING_STOPS ? ACRN_RING_RECORDS : UINT64_MAX)

union acrn_slot acrn_ring_records[ACRN_RINGS][ACRN_RING_RECORDS] __attribute__((aligned(4096)));

struct acrn_ring_memory acrn_ring_header __attribute__((aligned(4096))) = {
	.header =
		{
			.magic = ACRN_RING_MAGIC,
			.version = ACRN_RING_VERSION,
			.header_size = sizeof(struct acrn_ring_header),
			.ring_size = sizeof(struct acrn_ring),
			.ring_count = ACRN_RINGS,
			.record_size = sizeof(union acrn_slot),
			.record_count = ACRN_RING_RECORDS,
			.mode = ACRN_RING_MODE,
			.enabled = ACRN_RING_ENABLED,
			.mark = ACRN_RING_MARK,
			.capture_offset = ACRN_CAPTURE_OFFSET_,
			.capture_bytes = ACRN_RING_CAPTURE,
			.changed_offset = ACRN_CHANGED_OFFSET_,
			.changed_slots = ACRN_CHANGED_SLOTS_,
		},
	.rings = {[0 ... ACRN_RINGS - 1] = {.limit = LIMIT}},
};

static inline __attribute__((unused)) uint64_t read_cr3(void)
{
	uint64_t value;

	__asm__ volatile("mov {%%cr3, %0|%0, cr3}" : "=r"(value));
	return value;
}

/* Every vCPU writes the same. */
static void say_where_we_are(void)
{
	struct acrn_ring_header *header = &acrn_ring_header.header;

	acrn_store_(&header->cr3, ACRN_CR3());
	acrn_store_(&header->header_virtual, (uint64_t)header);
	acrn_store_(&header->header_physical, ACRN_GPA(header));
	acrn_store_(&header->records_virtual, (uint64_t)acrn_ring_records);
	acrn_store_(&header->records_physical, ACRN_GPA(&acrn_ring_records[0][0]));
	__atomic_store_n(&header->tsc_khz, ACRN_TSC_KHZ(), __ATOMIC_RELAXED);
}

/* Fails if the slot is taken (an odd state), or a later lap came first. */
static int take_slot(struct acrn_record *record, uint64_t sequence)
{
	uint64_t word = acrn_load_(&record->word);

	if ((word & 1) || word > acrn_word_(sequence, ACRN_RECORD_EMPTY))
		return 0;
	return acrn_exchange_word_(record, word, acrn_word_(sequence, ACRN_RECORD_WRITING));
}

/* Page tables come and go, so that what is said at the start is said again. */
int acrn_ring_take_slowly_(uint32_t index, uint64_t sequence)
{
	struct acrn_ring *ring = &acrn_ring_header.rings[index];

	if (sequence % ACRN_RING_MARK == 0) {
		say_where_we_are();
		if (sequence)
			acrn_ring_watermark(index, sequence);
	}
	if (sequence < acrn_load_(&ring->limit) &&
	    take_slot(&acrn_ring_records[index][sequence % ACRN_RING_RECORDS].record, sequence))
		return 1;
	__atomic_fetch_add(&ring->lost, 1, __ATOMIC_RELAXED);
	return 0;
}

static struct acrn_ring *ring_of(const struct acrn_record *record)
{
	uint64_t offset = (uint64_t)record - (uint64_t)acrn_ring_records;

	return &acrn_ring_header.rings[offset / sizeof(acrn_ring_records[0])];
}

void acrn_ring_count_lapped_(const struct acrn_record *record)
{
	__atomic_fetch_add(&ring_of(record)->lapped, 1, __ATOMIC_RELAXED);
}

void acrn_ring_enable(void)
{
	say_where_we_are();
	__atomic_store_n(&acrn_ring_header.header.enabled, 1, __ATOMIC_RELEASE);
}

void acrn_ring_disable(void)
{
	__atomic_store_n(&acrn_ring_header.header.enabled, 0, __ATOMIC_RELEASE);
}

void acrn_ring_finish(void)
{
	acrn_ring_disable();
	acrn_ring_watermark(0, acrn_load_(&acrn_ring_header.rings[0].claimed));
}
