/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes text to memory that the caller gave: numbers, times, text made safe for a terminal or
 * JSON.
 *
 * What does not fit is left out and remembered in is_full: the caller drops the call and tries
 * again with more room.
 */
#ifndef DECODE_OUT_H
#define DECODE_OUT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "table.h"

struct out {
	char *at, *end;
	int is_full;
};

/* Room for `size` bytes, which the caller writes there; NULL, and is_full, where there is none. */
static inline char *out_take(struct out *out, size_t size)
{
	char *at = out->at;

	if (size > (size_t)(out->end - at)) {
		out->is_full = 1;
		return NULL;
	}
	out->at = at + size;
	return at;
}

/* memcpy of what is mostly short, without a call of it. */
static inline void copy_short(char *to, const char *from, size_t size)
{
	if (size > 32) {
		memcpy(to, from, size);
	} else if (size >= 16) {
		memcpy(to, from, 16);
		memcpy(to + size - 16, from + size - 16, 16);
	} else if (size >= 8) {
		memcpy(to, from, 8);
		memcpy(to + size - 8, from + size - 8, 8);
	} else if (size >= 4) {
		memcpy(to, from, 4);
		memcpy(to + size - 4, from + size - 4, 4);
	} else {
		for (size_t i = 0; i < size; i++)
			to[i] = from[i];
	}
}

static inline void out_bytes(struct out *out, const char *bytes, size_t size)
{
	char *at = out_take(out, size);

	if (!at)
		return;
	if (__builtin_constant_p(size))
		memcpy(at, bytes, size);
	else
		copy_short(at, bytes, size);
}

#define out_literal(out, text) out_bytes(out, text, sizeof(text) - 1)

static inline void out_char(struct out *out, char c)
{
	out_bytes(out, &c, 1);
}

static inline void out_text(struct out *out, struct table_text text)
{
	out_bytes(out, text.text, text.length);
}

void out_decimal(struct out *out, uint64_t number);
void out_signed(struct out *out, int64_t number);
void out_hex(struct out *out, uint64_t number); /* with 0x in front */

/* Microseconds as seconds, as Python's f"{micros / 1e6:.6f}" has them: six decimals. */
void out_seconds(struct out *out, uint64_t micros);

/* The same from one time to another, which may be earlier. */
void out_seconds_between(struct out *out, uint64_t from, uint64_t to);

/* Microseconds as seconds, as Python's repr(micros / 1e6) and so JSON has them. */
void out_json_seconds(struct out *out, uint64_t micros);

/*
 * UTF-8 text, as base/text.py's printable() has it: what is not printable (by the Unicode version
 * of the Python that built this) as an escape.
 */
void out_printable(struct out *out, const char *text, size_t length);

/*
 * Characters that a guest had, as base/text.py's text_of() reads them; then for a terminal, bare
 * (printable()) or in quotes (quoted() and printable()), or as JSON's string.
 */
void out_characters(struct out *out, const uint8_t *bytes, size_t size);
void out_quoted(struct out *out, const uint8_t *bytes, size_t size);
void out_json_characters(struct out *out, const uint8_t *bytes, size_t size);

/* UTF-8 text as JSON's string, in ASCII: as Python's json.dumps has it. */
void out_json_text(struct out *out, const char *text, size_t length);
void out_json_part(struct out *out, const char *text, size_t length); /* without the quotes */

#endif
