/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A line of JSONL as a key and holes: calls that differ only in numbers have one key. Holes are
 * `seq`, `time`, `duration`, and of `args`, `decoded`, `site` and `line` the numbers that are not 0
 * (1 to 15 digits, or a string "0x…" of 1 to 16, as the sink writes them). Arguments may be
 * addresses: of these it is in the key what they are a multiple of, up to 8.
 *
 * JSON is not checked: a line that has the key of a valid one is valid.
 */
#ifndef JSONL_CUT_H
#define JSONL_CUT_H

#include <stddef.h>
#include <stdint.h>

#define JSONL_LONGEST_KEY 4096u
#define JSONL_MOST_HOLES  96u

enum jsonl_kind {
	JSONL_DECIMAL = 1,
	JSONL_HEX = 2, /* without its quotes */
	JSONL_SEQ = 3,
	JSONL_TIME = 4, /* seconds, as Python writes a whole number of microseconds */
	JSONL_DURATION = 5,
};

struct jsonl_hole {
	uint32_t at; /* bytes from the line's beginning */
	uint16_t size;
	uint16_t kind;
};

struct jsonl_cut {
	uint32_t holes;
	uint32_t key_size;
	int64_t time; /* microseconds, below 2^31 seconds */
	int64_t duration;
	uint64_t seq;
	struct jsonl_hole hole[JSONL_MOST_HOLES];
	uint8_t key[JSONL_LONGEST_KEY];
};

/* Cut a line, without its newline. 0, or -1 if it is not of this kind. */
int jsonl_cut(const char *line, size_t size, struct jsonl_cut *cut);

#endif
