/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads a record of version 2 (hypercall_record.h): what is before its blocks, and the blocks.
 *
 * One that cannot be right is refused as a whole; a block of a kind unknown here is passed over.
 */
#include "bytes.h"
#include "record.h"

#define AT(field) __builtin_offsetof(struct hypercall_record, field)

struct block {
	uint16_t kind;
	const uint8_t *bytes;
	uint32_t size;
};

/* Registers as they were at both ends, where a writer gives all of them. */
struct both_ends {
	const uint8_t *before, *after;
};

static int take_capture(struct record *record, uint32_t side, const struct block *block)
{
	if (block->size < 8)
		return 0;
	if (record->captures[side] < RECORD_CAPTURES)
		record->captured[side][record->captures[side]++] = (struct capture){
			.bytes = block->bytes + 8,
			.size = block->size - 8,
			.address = load64(block->bytes),
		};
	return 1;
}

/* Words that need no escapes wherever they are shown. */
static int is_said(const uint8_t *words, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
		if (words[i] < ' ' || words[i] > '~' || words[i] == '"' || words[i] == '\\')
			return 0;
	return 1;
}

static int take_unreadable(struct record *record, uint32_t side, const struct block *block)
{
	struct capture capture;

	if (block->size < 16)
		return 0;
	capture = (struct capture){
		.bytes = block->bytes + 16,
		.size = block->size - 16,
		.address = load64(block->bytes),
		.wanted = load64(block->bytes + 8),
	};
	if (!capture.wanted || !is_said(capture.bytes, capture.size))
		return 0;
	if (record->captures[side] < RECORD_CAPTURES)
		record->captured[side][record->captures[side]++] = capture;
	return 1;
}

static int take_change(struct record *record, uint32_t reg, uint64_t before, uint64_t after)
{
	if (reg >= HYPERCALL_REGISTERS || record->changes == HYPERCALL_REGISTERS)
		return 0;
	record->changed[record->changes++] = (struct change){(uint8_t)reg, before, after};
	return 1;
}

static int take_changed(struct record *record, const struct block *block)
{
	const uint8_t *at = block->bytes;

	if (block->size % sizeof(struct hypercall_changed))
		return 0;
	for (; at < block->bytes + block->size; at += sizeof(struct hypercall_changed))
		if (!take_change(record, load32(at), load64(at + 8), load64(at + 16)))
			return 0;
	return 1;
}

static int take_done(struct record *record, const uint8_t *bytes)
{
	const uint8_t *text = bytes + __builtin_offsetof(struct hypercall_done, text);
	uint32_t length = 0;
	struct done done = {bytes[0], bytes[1], load64(bytes + 8), load64(bytes + 16), {NULL, 0}};

	while (length < HYPERCALL_DONE_TEXT && text[length])
		length++;
	if (!is_said(text, length))
		return 0;
	done.text = (struct table_text){(const char *)text, length};
	if (record->dones < RECORD_DONE)
		record->done[record->dones++] = done;
	return 1;
}

static int take_all_done(struct record *record, const struct block *block)
{
	const uint8_t *at = block->bytes;

	if (block->size % sizeof(struct hypercall_done))
		return 0;
	for (; at < block->bytes + block->size; at += sizeof(struct hypercall_done))
		if (!take_done(record, at))
			return 0;
	return 1;
}

static int take_registers(const uint8_t **registers, const struct block *block)
{
	*registers = block->bytes;
	return block->size == 8 * HYPERCALL_REGISTERS;
}

static int take_block(struct record *record, struct both_ends *ends, const struct block *block)
{
	switch (block->kind) {
	case HYPERCALL_ENTRY_REGISTERS:
		return take_registers(&ends->before, block);
	case HYPERCALL_RETURN_REGISTERS:
		return take_registers(&ends->after, block);
	case HYPERCALL_CHANGED:
		return take_changed(record, block);
	case HYPERCALL_CAPTURED_IN:
		return take_capture(record, 0, block);
	case HYPERCALL_CAPTURED_OUT:
		return take_capture(record, 1, block);
	case HYPERCALL_UNREADABLE_IN:
		return take_unreadable(record, 0, block);
	case HYPERCALL_DONE:
		return take_all_done(record, block);
	case HYPERCALL_UNREADABLE_OUT:
		return take_unreadable(record, 1, block);
	default:
		return 1;
	}
}

/* What a writer leaves to the reader to see. */
static void compare_ends(struct record *record, const struct both_ends *ends)
{
	if (!ends->before || !ends->after || record->changes)
		return;
	for (uint32_t reg = 0; reg < HYPERCALL_REGISTERS; reg++) {
		uint64_t before = load64(ends->before + 8 * reg);
		uint64_t after = load64(ends->after + 8 * reg);

		if (before != after)
			take_change(record, reg, before, after);
	}
}

static int take_blocks(struct record *record, const uint8_t *bytes, uint32_t size)
{
	struct both_ends ends = {NULL, NULL};
	uint32_t at = HYPERCALL_RECORD_SIZE;

	record->captures[0] = record->captures[1] = record->changes = record->dones = 0;
	while (at < size) {
		uint32_t room = size - at - 8; /* `size` and `at` are multiples of 8 */
		struct block block = {load16(bytes + at), bytes + at + 8, load32(bytes + at + 4)};

		if (block.size > room || !take_block(record, &ends, &block))
			return 0;
		at += 8 + ((block.size + 7) & ~7u);
	}
	compare_ends(record, &ends);
	return 1;
}

static void take_head(struct record *record, const uint8_t *bytes)
{
	record->state = bytes[AT(state)];
	record->clock = bytes[AT(clock)];
	record->arguments = bytes[AT(arguments)];
	record->abi = load32(bytes + AT(abi));
	record->is_plugins = 1;
	record->flags = load32(bytes + AT(flags));
	record->ring = load32(bytes + AT(ring));
	record->vcpu = load32(bytes + AT(vcpu));
	record->return_vcpu = load32(bytes + AT(return_vcpu));
	record->sequence = load64(bytes + AT(sequence));
	record->entry = load64(bytes + AT(entry));
	record->leave = load64(bytes + AT(leave));
	record->site = load64(bytes + AT(site));
	record->cr3 = load64(bytes + AT(cr3));
	record->rsp = load64(bytes + AT(rsp));
	record->number = load64(bytes + AT(number));
	record->result = load64(bytes + AT(result));
	for (uint32_t i = 0; i < HYPERCALL_ARGUMENTS; i++)
		record->argument[i] =
			i < record->arguments ? load64(bytes + AT(argument) + 8 * i) : 0;
}

static int is_head(const uint8_t *bytes, size_t room)
{
	uint32_t size;

	if (room < HYPERCALL_RECORD_SIZE)
		return 0;
	size = load32(bytes);
	return size >= HYPERCALL_RECORD_SIZE && size <= HYPERCALL_RECORD_MOST && size <= room &&
	       size % 8 == 0 && bytes[AT(version)] == HYPERCALL_RECORD_VERSION &&
	       (bytes[AT(state)] == HYPERCALL_CALLED || bytes[AT(state)] == HYPERCALL_RETURNED) &&
	       bytes[AT(clock)] >= HYPERCALL_TICKS && bytes[AT(clock)] <= HYPERCALL_GUEST_NS &&
	       bytes[AT(arguments)] <= HYPERCALL_ARGUMENTS;
}

size_t record_of_bytes(struct record *record, const uint8_t *bytes, size_t size)
{
	if (!is_head(bytes, size))
		return 0;
	take_head(record, bytes);
	return take_blocks(record, bytes, load32(bytes)) ? load32(bytes) : 0;
}
