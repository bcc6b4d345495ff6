/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The C half of the checked trampoline, for calls of which there is more to say than their result:
 * what registers they left changed, that they failed.
 */
#include "acrn_trampoline.h"

#ifdef __SSE__
#error "the trampoline keeps general registers only: compile with -mgeneral-regs-only"
#endif

#define FLAGS_ARITHMETIC 0x8d5ull /* OF SF ZF AF PF CF */

/* Registers that are to leave as they came. */
#define CHECKED (0xffffu & ~(1u << ACRN_RAX) & ~(1u << ACRN_RSP))

__attribute__((weak)) void acrn_call_failed(uint64_t site, uint64_t number, int64_t result,
					    int faulted)
{
	(void)site, (void)number, (void)result, (void)faulted;
}

static struct acrn_changed *changed_of(struct acrn_record *record)
{
	return (struct acrn_changed *)((char *)record + ACRN_CHANGED_OFFSET_);
}

static inline uint64_t flags_changed(const struct acrn_registers *before,
				     const struct acrn_registers *after)
{
	return (before->rflags ^ after->rflags) & ~(uint64_t)ACRN_FLAGS_NOT_OURS;
}

static void list_change(struct acrn_changed *changed, unsigned int *count, uint64_t before,
			uint64_t after)
{
	acrn_store_(&changed->values[*count].before, before);
	acrn_store_(&changed->values[*count].after, after);
	++*count;
}

/* A bit for each register, and their values into the record. */
static uint32_t list_changes(struct acrn_record *record, const struct acrn_registers *before,
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
	__atomic_store_n(&changed->registers, registers, __ATOMIC_RELAXED);
	return registers;
}

static int captures(const struct acrn_notes *notes)
{
	return (notes->before.general[ACRN_NOTED_RECORD] & ACRN_CAPTURES) != 0;
}

static struct acrn_record *record_of(const struct acrn_notes *notes)
{
	return (struct acrn_record *)(notes->before.general[ACRN_NOTED_RECORD] &
				      ~(uint64_t)ACRN_CAPTURES);
}

static void write_return(const struct acrn_notes *notes, const struct acrn_registers *after)
{
	struct acrn_record *record = record_of(notes);
	uint64_t result = after->general[ACRN_RAX];
	uint32_t flags = 0;

	if (list_changes(record, &notes->before, after))
		flags |= ACRN_RECORD_CHANGED;
	if (result == (uint64_t)ACRN_FAULTED)
		flags |= ACRN_RECORD_FAULTED;
	if (captures(notes))
		acrn_ring_capture_out_(record, notes->captured);
	acrn_store_(&record->result, result);
	if (flags)
		acrn_add_flags_(record, flags);
	acrn_finish_return_(record, notes->before.general[ACRN_NOTED_WORD]);
}

int acrn_trampoline_end_(const struct acrn_notes *notes, const struct acrn_registers *after,
			 uint64_t resume)
{
	int64_t result = (int64_t)after->general[ACRN_RAX];

	if (acrn_begin_return_(record_of(notes), notes->before.general[ACRN_NOTED_WORD]))
		write_return(notes, after);
	if (result < 0)
		acrn_call_failed(resume - ACRN_VMCALL_TO_RETURN, notes->before.general[ACRN_R8],
				 result, result == ACRN_FAULTED);
	return (flags_changed(&notes->before, after) & ~FLAGS_ARITHMETIC) != 0;
}
