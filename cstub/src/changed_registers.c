/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The C half of the checked trampoline: has the call recorded, and compares what it was called with
 * and what it left.
 */
#include "ring_writer.h"
#include "trampoline.h"

#ifdef __SSE__
#error "the trampoline keeps general registers only: compile with -mgeneral-regs-only"
#endif

#define FLAGS_ARITHMETIC 0x8d5ull /* OF SF ZF AF PF CF */
#define FLAGS_EQUAL	 0x44ull  /* ZF PF: what comparing RSP with itself leaves */

/* Registers that are to leave as they came. */
#define CHECKED (0xffffu & ~(1u << ACRN_RAX) & ~(1u << ACRN_RSP))

__attribute__((weak)) void acrn_call_failed(uint64_t site, uint64_t number, int64_t result,
					    int faulted)
{
	(void)site, (void)number, (void)result, (void)faulted;
}

static struct acrn_changed *changed_of(struct acrn_record *record)
{
	return (struct acrn_changed *)((char *)record + ACRN_CHANGED_OFFSET);
}

ACRN_FAST_TEXT __attribute__((aligned(1024))) void acrn_trampoline_begin_(struct acrn_notes *notes)
{
	const uint64_t *general = notes->before.general;
	uint64_t rflags = notes->before.rflags;

	notes->before.rflags = (rflags & ~FLAGS_ARITHMETIC) | FLAGS_EQUAL;
	notes->claim = begin_call(general[ACRN_R8], general[ACRN_RDI], general[ACRN_RSI],
				  (uint32_t)notes->flags);
	if (!notes->claim.record)
		return;
	/* The trampoline has nothing to write there if nothing has changed. */
	__atomic_store_n(&changed_of(notes->claim.record)->registers, 0, __ATOMIC_RELAXED);
	if (notes->captured)
		acrn_ring_capture_in_(notes->claim.record, notes->captured);
	commit_call(notes->claim.record, notes->claim.word, (uint32_t)notes->site);
}

static inline uint64_t flags_changed(const struct acrn_registers *before,
				     const struct acrn_registers *after)
{
	return (before->rflags ^ after->rflags) & ~(uint64_t)ACRN_FLAGS_NOT_OURS;
}

/* One test for all: they are hardly ever different. */
static inline int anything_changed(const struct acrn_registers *before,
				   const struct acrn_registers *after)
{
	uint64_t different = flags_changed(before, after);

#pragma GCC unroll 16
	for (unsigned int n = 0; n < ACRN_REGISTERS; n++)
		if (CHECKED >> n & 1)
			different |= before->general[n] ^ after->general[n];
	return different != 0;
}

static void list_change(struct acrn_changed *changed, unsigned int *count, uint64_t before,
			uint64_t after)
{
	acrn_store_(&changed->values[*count].before, before);
	acrn_store_(&changed->values[*count].after, after);
	++*count;
}

static __attribute__((noinline, cold)) uint32_t list_changes(struct acrn_record *record,
							     const struct acrn_registers *before,
							     const struct acrn_registers *after)
{
	struct acrn_changed *changed = changed_of(record);
	unsigned int count = 0;
	uint32_t registers = 0;

	for (unsigned int n = 0; n < ACRN_REGISTERS; n++) {
		if (!(CHECKED >> n & 1) || before->general[n] == after->general[n])
			continue;
		registers |= 1u << n;
		list_change(changed, &count, before->general[n], after->general[n]);
	}
	if (flags_changed(before, after)) {
		registers |= 1u << ACRN_CHANGED_RFLAGS;
		list_change(changed, &count, before->rflags, after->rflags);
	}
	return registers;
}

static void write_return(struct acrn_record *record, uint64_t word, uint64_t result,
			 uint32_t registers)
{
	uint32_t flags = ACRN_RECORD_CHECKED;

	if (result == (uint64_t)ACRN_FAULTED)
		flags |= ACRN_RECORD_FAULTED;
	acrn_store_(&record->result, result);
	__atomic_store_n(&changed_of(record)->registers, registers, __ATOMIC_RELAXED);
	acrn_add_flags_(record, flags);
	acrn_finish_return_(record, word);
}

static __attribute__((noinline, cold)) void tell_failure(const struct acrn_notes *notes,
							 int64_t result)
{
	acrn_call_failed(notes->site, notes->before.general[ACRN_R8], result,
			 result == ACRN_FAULTED);
}

int acrn_trampoline_end_(const struct acrn_notes *notes, const struct acrn_registers *after)
{
	const struct acrn_registers *before = &notes->before;
	struct acrn_record *record = notes->claim.record;
	int64_t result = (int64_t)after->general[ACRN_RAX];
	uint32_t registers = 0;

	if (record && acrn_begin_return_(record, notes->claim.word)) {
		if (__builtin_expect(anything_changed(before, after), 0))
			registers = list_changes(record, before, after);
		if (notes->captured)
			acrn_ring_capture_out_(record, notes->captured);
		write_return(record, notes->claim.word, (uint64_t)result, registers);
	}
	if (__builtin_expect(result < 0, 0))
		tell_failure(notes, result);
	return (flags_changed(before, after) & ~FLAGS_ARITHMETIC) != 0;
}
