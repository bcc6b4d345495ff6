/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads a call's memory out of its record, and writes it there.
 */
#include "captured_memory.h"

#include <string.h>

#define BLOCK_HEAD	8u
#define CAPTURED_HEAD	8u
#define UNREADABLE_HEAD 16u
#define NO_ROOM		"its record has no room for it"
#define LACK_MOST	56u /* bytes of a block that says so */

static const struct capture *find_bytes(const struct record *record, int side, uint64_t address,
					uint32_t size)
{
	for (uint32_t i = 0; i < record->captures[side]; i++) {
		const struct capture *capture = &record->captured[side][i];
		uint64_t inside = address - capture->address;

		if (!capture->wanted && inside < capture->size && capture->size - inside >= size)
			return capture;
	}
	return NULL;
}

static const struct capture *find_why(const struct record *record, int side, uint64_t address,
				      uint32_t size)
{
	for (uint32_t i = 0; i < record->captures[side]; i++) {
		const struct capture *capture = &record->captured[side][i];

		if (capture->wanted == size && capture->address == address)
			return capture;
	}
	return NULL;
}

/* What the record has of memory at one end of the call, or NULL. */
static const struct capture *find(const struct record *record, int side, uint64_t address,
				  uint32_t size)
{
	const struct capture *capture = NULL;

	for (; side >= 0 && !capture; side--) {
		capture = find_bytes(record, side, address, size);
		if (!capture)
			capture = find_why(record, side, address, size);
	}
	return capture;
}

static const char *read_captured(void *context, uint64_t address, void *to, uint32_t size)
{
	struct captured_memory *captured = context;
	const struct capture *capture = find(captured->record, captured->side, address, size);
	uint32_t length;

	if (!capture)
		return "its memory is not at hand";
	if (!capture->wanted) {
		memcpy(to, capture->bytes + (address - capture->address), size);
		return NULL;
	}
	length = capture->size < CAPTURED_WHY ? capture->size : CAPTURED_WHY;
	memcpy(captured->why, capture->bytes, length);
	captured->why[length] = 0;
	return captured->why;
}

void captured_memory_of(struct captured_memory *captured, const struct record *record, int side)
{
	captured->record = record;
	captured->side = side;
	captured->memory = (struct memory){read_captured, captured};
}

/* Where to note a read: one from the same address on that did less is no news any more. */
static struct reading *reading_at(struct capturing *capturing, uint64_t address, uint32_t size)
{
	for (uint32_t i = 0; i < capturing->count; i++) {
		struct reading *reading = &capturing->readings[i];

		if (reading->bytes && reading->address == address && reading->size <= size)
			return reading;
	}
	return capturing->count < RECORD_CAPTURES ? &capturing->readings[capturing->count++] : NULL;
}

static void note_why(struct capturing *capturing, uint64_t address, uint32_t size, const char *why)
{
	uint32_t length = (uint32_t)strnlen(why, CAPTURED_WHY);
	char *copy = capturing->whys + capturing->used;

	if (!size || capturing->count == RECORD_CAPTURES ||
	    length > sizeof(capturing->whys) - capturing->used)
		return;
	memcpy(copy, why, length);
	capturing->used += length;
	capturing->readings[capturing->count++] =
		(struct reading){address, size, length, NULL, copy};
}

static const char *read_capturing(void *context, uint64_t address, void *to, uint32_t size)
{
	struct capturing *capturing = context;
	const struct memory *from = capturing->from;
	const char *why = from->read(from->context, address, to, size);
	struct reading *reading;

	if (why) {
		note_why(capturing, address, size, why);
	} else if (size) {
		reading = reading_at(capturing, address, size);
		if (reading)
			*reading = (struct reading){address, size, 0, to, NULL};
	}
	return why;
}

void capturing_begin(struct capturing *capturing, const struct memory *from)
{
	capturing->from = from;
	capturing->count = capturing->used = 0;
	capturing->memory = (struct memory){read_capturing, capturing};
}

/* Whether whoever reads the record finds there what was read, without a block of it. */
static int is_known(const struct record *record, int side, const struct reading *reading)
{
	const struct capture *capture = find(record, side, reading->address, reading->size);

	if (!capture || !capture->wanted != !!reading->bytes)
		return 0;
	if (reading->bytes)
		return !memcmp(capture->bytes + (reading->address - capture->address),
			       reading->bytes, reading->size);
	return capture->size == reading->why_size &&
	       !memcmp(capture->bytes, reading->why, reading->why_size);
}

static uint32_t write_block(const struct reading *reading, int side, uint8_t *to, uint32_t room)
{
	uint32_t head = reading->bytes ? CAPTURED_HEAD : UNREADABLE_HEAD;
	uint32_t size = reading->bytes ? reading->size : reading->why_size;
	uint32_t whole = BLOCK_HEAD + ((head + size + 7) & ~7u);
	struct hypercall_block block = {.size = head + size};
	uint64_t wanted = reading->size;

	if (whole > room)
		return 0;
	if (reading->bytes)
		block.kind = side ? HYPERCALL_CAPTURED_OUT : HYPERCALL_CAPTURED_IN;
	else
		block.kind = side ? HYPERCALL_UNREADABLE_OUT : HYPERCALL_UNREADABLE_IN;
	memset(to + whole - 8, 0, 8);
	memcpy(to, &block, BLOCK_HEAD);
	memcpy(to + BLOCK_HEAD, &reading->address, 8);
	if (!reading->bytes)
		memcpy(to + BLOCK_HEAD + 8, &wanted, 8);
	memcpy(to + BLOCK_HEAD + head, reading->bytes ? (const void *)reading->bytes : reading->why,
	       size);
	return whole;
}

/* The same of what has no room: that it was read is not known then, so why it is not there. */
static uint32_t write_lack(const struct reading *reading, int side, uint8_t *to, uint32_t room)
{
	struct reading lack = {reading->address, reading->size, sizeof(NO_ROOM) - 1, NULL, NO_ROOM};

	return write_block(&lack, side, to, room);
}

uint32_t capturing_end(const struct capturing *capturing, const struct record *record, int side,
		       uint8_t *to, uint32_t room)
{
	uint32_t used = 0, kept = capturing->count * LACK_MOST;

	for (uint32_t i = 0; i < capturing->count; i++) {
		const struct reading *reading = &capturing->readings[i];
		uint32_t size = 0;

		kept -= LACK_MOST;
		if (is_known(record, side, reading))
			continue;
		if (room - used > kept)
			size = write_block(reading, side, to + used, room - used - kept);
		if (!size)
			size = write_lack(reading, side, to + used, room - used);
		used += size;
	}
	return used;
}

_Static_assert(sizeof(struct hypercall_block) == BLOCK_HEAD, "blocks have that head");
_Static_assert(BLOCK_HEAD + UNREADABLE_HEAD + sizeof(NO_ROOM) <= LACK_MOST, "it has room");
