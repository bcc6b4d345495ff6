/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes text so that a terminal shows it and does nothing else, or as JSON's strings: in both what
 * base/text.py and Python's json make of it.
 */
#include "bytes.h"
#include "out.h"
#include "printable.h" /* UNPRINTABLE: from first to last, rising; made by base/unprintable.py */

#define EACH 0x0101010101010101ull /* byte */

static const char HEX_DIGITS[] = "0123456789abcdef";

/* Whether all of eight bytes are from ' ' to '~'. */
static int are_plain(uint64_t bytes)
{
	uint64_t below = (bytes - EACH * ' ') & ~bytes;

	return !((below | bytes | (bytes + EACH)) & EACH << 7);
}

static int is_plain(uint8_t byte)
{
	return byte >= ' ' && byte <= '~';
}

/* How many bytes at the beginning are plain. */
static size_t plain_run(const uint8_t *bytes, size_t size)
{
	size_t run = 0;

	while (size - run >= 8 && are_plain(load64(bytes + run)))
		run += 8;
	while (run < size && is_plain(bytes[run]))
		run++;
	return run;
}

/* How many at the beginning are plain, and neither '"' nor '\\'. */
static size_t bare_run(const uint8_t *bytes, size_t size)
{
	size_t run = 0;

	while (run < size && is_plain(bytes[run]) && bytes[run] != '"' && bytes[run] != '\\')
		run++;
	return run;
}

/*
 * The character at the beginning of `left` bytes, at least one: how many bytes of UTF-8 it has; 0
 * where the first byte begins none.
 */
static size_t character_at(const uint8_t *at, size_t left, uint32_t *character)
{
	static const uint32_t LEAST[] = {0, 0, 0x80, 0x800, 0x10000};
	uint8_t lead = at[0];
	size_t size = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

	if (!size || lead > 0xf4 || size > left)
		return 0;
	*character = size == 1 ? lead : lead & (0x7fu >> size);
	for (size_t i = 1; i < size; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		*character = *character << 6 | (at[i] & 0x3f);
	}
	if (*character < LEAST[size] || *character > 0x10ffff || *character >> 11 == 0x1b)
		return 0;
	return size;
}

static int is_printable(uint32_t character)
{
	size_t low = 0, high = sizeof(UNPRINTABLE) / sizeof(UNPRINTABLE[0]);

	while (low < high) { /* the first range that ends at the character or behind it */
		size_t middle = (low + high) / 2;

		if (UNPRINTABLE[middle].last < character)
			low = middle + 1;
		else
			high = middle;
	}
	return low == sizeof(UNPRINTABLE) / sizeof(UNPRINTABLE[0]) ||
	       UNPRINTABLE[low].first > character;
}

/* A backslash, `letter` and so many digits. */
static void out_code(struct out *out, char letter, uint32_t number, unsigned int digits)
{
	char text[10] = {'\\', letter};

	for (unsigned int i = digits; i; i--, number >>= 4)
		text[1 + i] = HEX_DIGITS[number & 15];
	out_bytes(out, text, 2 + digits);
}

/* As Python's unicode_escape. */
static void out_escape(struct out *out, uint32_t character)
{
	if (character == '\t')
		out_literal(out, "\\t");
	else if (character == '\n')
		out_literal(out, "\\n");
	else if (character == '\r')
		out_literal(out, "\\r");
	else if (character < 0x100)
		out_code(out, 'x', character, 2);
	else if (character < 0x10000)
		out_code(out, 'u', character, 4);
	else
		out_code(out, 'U', character, 8);
}

/* One character of a text for a terminal: how many of the `left` bytes it took. */
static size_t out_one(struct out *out, const uint8_t *at, size_t left)
{
	uint32_t character;
	size_t size = character_at(at, left, &character);

	if (!size)
		out_code(out, 'x', at[0], 2);
	else if (is_printable(character))
		out_bytes(out, (const char *)at, size);
	else
		out_escape(out, character);
	return size ? size : 1;
}

void out_printable(struct out *out, const char *text, size_t length)
{
	const uint8_t *at = (const uint8_t *)text, *end = at + length;

	while (at < end) {
		size_t run = plain_run(at, (size_t)(end - at));

		out_bytes(out, (const char *)at, run);
		at += run;
		if (at < end)
			at += out_one(out, at, (size_t)(end - at));
	}
}

/* With a backslash before each backslash, and before each '"' if they stand in such. */
static void out_doubled(struct out *out, const uint8_t *at, size_t size, int is_quoted)
{
	const uint8_t *end = at + size;

	while (at < end) {
		size_t run = bare_run(at, (size_t)(end - at));

		out_bytes(out, (const char *)at, run);
		at += run;
		if (at < end && (*at == '\\' || (*at == '"' && is_quoted)))
			out_char(out, '\\');
		if (at < end)
			at += out_one(out, at, (size_t)(end - at));
	}
}

void out_quoted(struct out *out, const uint8_t *bytes, size_t size)
{
	out_char(out, '"');
	out_doubled(out, bytes, size, 1);
	out_char(out, '"');
}

/* `\xff`, as a byte is written that is no UTF-8. */
static int is_byte_escape(const uint8_t *at, size_t left)
{
	return left >= 4 && at[0] == '\\' && at[1] == 'x' &&
	       ((at[2] >= '8' && at[2] <= '9') || (at[2] >= 'a' && at[2] <= 'f')) &&
	       ((at[3] >= '0' && at[3] <= '9') || (at[3] >= 'a' && at[3] <= 'f'));
}

/* Whether it is UTF-8 which nobody takes for something else: then text_of() leaves it as it is. */
static int is_text(const uint8_t *at, size_t size)
{
	const uint8_t *end = at + size;

	while (at < end) {
		size_t left = (size_t)(end - at), run = bare_run(at, left);
		uint32_t character;

		if (!run)
			run = is_byte_escape(at, left) ? 0 : character_at(at, left, &character);
		if (!run)
			return 0;
		at += run;
	}
	return 1;
}

void out_characters(struct out *out, const uint8_t *bytes, size_t size)
{
	if (is_text(bytes, size))
		out_printable(out, (const char *)bytes, size);
	else
		out_doubled(out, bytes, size, 0);
}

static void out_json_escape(struct out *out, uint32_t character)
{
	static const char SHORT[] = "\"\"\\\\\bb\ff\nn\rr\tt"; /* character and letter */

	for (const char *pair = SHORT; *pair; pair += 2)
		if ((uint8_t)*pair == character) {
			out_char(out, '\\');
			out_char(out, pair[1]);
			return;
		}
	if (character >= 0x10000) {
		out_code(out, 'u', 0xd7c0 + (character >> 10), 4);
		character = 0xdc00 | (character & 0x3ff);
	}
	out_code(out, 'u', character, 4);
}

/* Each byte that is no UTF-8 as `\xff`; `is_doubled`: each backslash twice. */
static void out_json_bare(struct out *out, const uint8_t *at, size_t size, int is_doubled)
{
	const uint8_t *end = at + size;

	while (at < end) {
		size_t run = bare_run(at, (size_t)(end - at));
		uint32_t character;

		out_bytes(out, (const char *)at, run);
		at += run;
		if (at == end)
			break;
		run = character_at(at, (size_t)(end - at), &character);
		if (run && is_doubled && character == '\\')
			out_json_escape(out, character);
		if (run) {
			out_json_escape(out, character);
		} else {
			out_char(out, '\\');
			out_code(out, 'x', *at, 2);
		}
		at += run ? run : 1;
	}
}

void out_json_characters(struct out *out, const uint8_t *bytes, size_t size)
{
	out_char(out, '"');
	out_json_bare(out, bytes, size, !is_text(bytes, size));
	out_char(out, '"');
}

void out_json_part(struct out *out, const char *text, size_t length)
{
	out_json_bare(out, (const uint8_t *)text, length, 0);
}

void out_json_text(struct out *out, const char *text, size_t length)
{
	out_char(out, '"');
	out_json_part(out, text, length);
	out_char(out, '"');
}
