/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads the record of a guest's ring (acrn_ring.h), whose layout its header says.
 */
#include "record.h"

#include "acrn_ring.h"
#include "bytes.h"

/* The site's low half is within 2 GiB of the header. */
static uint64_t site_of(const struct ring_layout *layout, uint32_t low)
{
	return layout->header_virtual + (uint64_t)(int32_t)(low - (uint32_t)layout->header_virtual);
}

static void take_captures(struct record *record, const struct ring_layout *layout,
			  const uint8_t *bytes, uint16_t flags)
{
	const uint8_t *captured = bytes + layout->capture_offset;
	static const uint16_t is_there[] = {ACRN_RECORD_CAPTURED_IN, ACRN_RECORD_CAPTURED_OUT};

	record->captures[0] = record->captures[1] = 0;
	if (!layout->capture_offset)
		return;
	for (uint32_t side = 0; side < 2; side++) {
		uint32_t size = load16(captured + 2 * side), room = layout->capture_bytes;

		if (flags & is_there[side])
			record->captured[side][record->captures[side]++] = (struct capture){
				.bytes = captured + sizeof(struct acrn_capture) + side * room,
				.size = size < room ? size : room,
				.is_first = 1,
			};
	}
}

static void take_changes(struct record *record, const struct ring_layout *layout,
			 const uint8_t *bytes, uint16_t flags)
{
	const uint8_t *changed = bytes + layout->changed_offset, *value = changed + 8;

	record->changes = record->dones = 0;
	if (!layout->changed_offset || !(flags & ACRN_RECORD_CHANGED))
		return;
	for (uint8_t reg = 0; reg < HYPERCALL_REGISTERS; reg++) {
		if (record->changes == layout->changed_slots || !(load32(changed) >> reg & 1))
			continue;
		record->changed[record->changes++] =
			(struct change){reg, load64(value), load64(value + 8)};
		value += 16;
	}
}

void record_of_ring(struct record *record, const struct ring_layout *layout, const uint8_t *bytes,
		    uint32_t ring, int overwritten)
{
	uint64_t word = load64(bytes);
	uint16_t vcpu = load16(bytes + 60), flags = load16(bytes + 62);
	uint8_t given = flags & ACRN_RECORD_ARGUMENTS;

	record->abi = 0;
	record->is_plugins = 0;
	record->ring = ring;
	record->sequence = word >> ACRN_WORD_SEQUENCE_SHIFT;
	record->state = (word & ACRN_WORD_STATE_MASK) == ACRN_RECORD_RETURNED ? HYPERCALL_RETURNED
									      : HYPERCALL_CALLED;
	record->clock = HYPERCALL_TICKS;
	record->arguments = given < 2 ? given : 2;
	record->flags = (flags & ACRN_RECORD_FAULTED ? HYPERCALL_FAULTED : 0) |
			(overwritten ? HYPERCALL_OVERWRITTEN : 0);
	record->vcpu = vcpu == ACRN_VCPU_UNKNOWN ? HYPERCALL_UNKNOWN32 : vcpu;
	record->return_vcpu = HYPERCALL_UNKNOWN32;
	record->entry = load64(bytes + 8);
	record->leave = load64(bytes + 16);
	record->number = load64(bytes + 24);
	for (uint32_t i = 0; i < HYPERCALL_ARGUMENTS; i++)
		record->argument[i] = i < record->arguments ? load64(bytes + 32 + 8 * i) : 0;
	record->result = load64(bytes + 48);
	record->site = site_of(layout, load32(bytes + 56));
	record->cr3 = record->rsp = HYPERCALL_UNKNOWN64;
	take_captures(record, layout, bytes, flags);
	take_changes(record, layout, bytes, flags);
}
