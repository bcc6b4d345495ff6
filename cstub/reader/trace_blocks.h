/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cuts the bytes of a trace file, which come in pieces of any size, into whole blocks.
 *
 * A file is hostile: a block's size is checked before room is made for it, its checksum before it
 * is given away. What is wrong is half a sentence and an offset.
 */
#ifndef TRACE_BLOCKS_H
#define TRACE_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

#include "acrn_trace_file.h"

/* What is wrong with a file; `what` is UTF-8, and empty where nothing is. */
struct trace_damage {
	uint64_t offset; /* bytes into the file */
	char what[200];
};

void damage_set(struct trace_damage *damage, uint64_t offset, const char *form, ...)
	__attribute__((format(printf, 3, 4)));

enum block_step { BLOCK_HUNGRY, BLOCK_WHOLE, BLOCK_WRONG };

struct trace_blocks {
	const uint8_t *at, *end; /* what was pushed and is not read yet; the caller's */
	uint64_t offset;	 /* of the block under way, or the whole one, in the file */
	uint32_t kind, size, checksum;
	uint32_t head_bytes, payload_bytes; /* that are there */
	uint8_t head[sizeof(struct acrn_trace_block)];
	uint8_t *payload; /* NULL where it was taken */
};

/* Go on to the next whole block; `damage` is filled where that cannot be. */
enum block_step block_next(struct trace_blocks *blocks, struct trace_damage *damage);

/* The whole block's payload, which is the caller's from now on, to be freed. */
uint8_t *block_take(struct trace_blocks *blocks);

/* Be done with the whole block. */
void block_done(struct trace_blocks *blocks);

/* No more bytes come: whether the file ends where it may; else `damage` says where it was cut. */
int blocks_end(struct trace_blocks *blocks, struct trace_damage *damage);

#endif
