/* SPDX-License-Identifier: BSD-3-Clause */
/* Cuts the bytes of a trace file into whole blocks. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "checksum.h"
#include "trace_blocks.h"

void damage_set(struct trace_damage *damage, uint64_t offset, const char *form, ...)
{
	va_list values;

	damage->offset = offset;
	va_start(values, form);
	vsnprintf(damage->what, sizeof(damage->what), form, values);
	va_end(values);
}

/* As many bytes as there are, up to `most`. */
static uint32_t pull(struct trace_blocks *blocks, uint8_t *to, uint32_t most)
{
	size_t size = (size_t)(blocks->end - blocks->at);

	if (size > most)
		size = most;
	if (!size)
		return 0;
	memcpy(to, blocks->at, size);
	blocks->at += size;
	return (uint32_t)size;
}

/* The head is whole: whether it can be one. */
static int head_is_right(struct trace_blocks *blocks, struct trace_damage *damage)
{
	if (load32(blocks->head) != ACRN_TRACE_BLOCK_MAGIC) {
		damage_set(damage, blocks->offset, "no block begins there");
		return 0;
	}
	blocks->kind = load32(blocks->head + 4);
	blocks->size = load32(blocks->head + 8);
	blocks->checksum = load32(blocks->head + 12);
	if (blocks->size > ACRN_TRACE_MAX_PAYLOAD) {
		damage_set(damage, blocks->offset, "a block of %u bytes, which is more than %u",
			   blocks->size, ACRN_TRACE_MAX_PAYLOAD);
		return 0;
	}
	blocks->payload = malloc(blocks->size + 1);
	if (!blocks->payload)
		damage_set(damage, blocks->offset, "there is not enough memory to read a block");
	return blocks->payload != NULL;
}

static int is_checked(const struct trace_blocks *blocks, struct trace_damage *damage)
{
	uint32_t check = checksum(0, blocks->head + 4, 8);

	if (checksum(check, blocks->payload, blocks->size) == blocks->checksum)
		return 1;
	damage_set(damage, blocks->offset, "the checksum of a block is not right");
	return 0;
}

enum block_step block_next(struct trace_blocks *blocks, struct trace_damage *damage)
{
	const uint32_t head = sizeof(blocks->head);

	if (blocks->head_bytes < head) {
		blocks->head_bytes +=
			pull(blocks, blocks->head + blocks->head_bytes, head - blocks->head_bytes);
		if (blocks->head_bytes < head)
			return BLOCK_HUNGRY;
		if (!head_is_right(blocks, damage))
			return BLOCK_WRONG;
	}
	blocks->payload_bytes += pull(blocks, blocks->payload + blocks->payload_bytes,
				      blocks->size - blocks->payload_bytes);
	if (blocks->payload_bytes < blocks->size)
		return BLOCK_HUNGRY;
	return is_checked(blocks, damage) ? BLOCK_WHOLE : BLOCK_WRONG;
}

uint8_t *block_take(struct trace_blocks *blocks)
{
	uint8_t *payload = blocks->payload;

	blocks->payload = NULL;
	return payload;
}

void block_done(struct trace_blocks *blocks)
{
	free(blocks->payload);
	blocks->payload = NULL;
	blocks->offset += sizeof(blocks->head) + blocks->size;
	blocks->head_bytes = blocks->payload_bytes = 0;
}

int blocks_end(struct trace_blocks *blocks, struct trace_damage *damage)
{
	const char *where = blocks->head_bytes < sizeof(blocks->head) ? "block's head" : "block";

	if (!blocks->head_bytes)
		return 1;
	damage_set(damage, blocks->offset,
		   "the file ends within a %s: it was cut off, or still grows", where);
	return 0;
}
