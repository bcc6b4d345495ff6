/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "jsonl_cut.h"

#define MILLION	     1000000
#define MAX_SECONDS  (1ll << 31) /* below it floating point keeps microseconds apart */
#define MAX_SIZE     (1u << 20)
#define MOST_DIGITS  15u /* all below 2^53 */
#define HEX_AND_MORE 18u /* 0x and 16 digits */

/* What may be a hole in the value of a key of the event itself. */
static const struct {
	const char *name;
	uint8_t kind; /* of numbers; 0: of these and of hexadecimal strings, whatever they are in */
} keys[] = {
	{"seq", JSONL_SEQ}, {"time", JSONL_TIME}, {"duration", JSONL_DURATION},
	{"args", 0},	    {"decoded", 0},	  {"site", 0},
	{"line", 0},
};
#define ARGS 3u

#define KEYS (sizeof(keys) / sizeof(keys[0]))

struct cutter {
	const char *line;
	uint32_t size;
	uint32_t at;
	uint32_t copied; /* up to here the line is in the key */
	uint32_t depth;
	uint32_t key;	/* index in keys; KEYS: another one */
	uint32_t kinds; /* bits: those seen of which there is one each */
	struct jsonl_cut *cut;
};

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int copy_until(struct cutter *cutter, uint32_t end)
{
	struct jsonl_cut *cut = cutter->cut;
	uint32_t size = end - cutter->copied;

	if (size >= JSONL_LONGEST_KEY - cut->key_size)
		return -1;
	memcpy(cut->key + cut->key_size, cutter->line + cutter->copied, size);
	cut->key_size += size;
	return 0;
}

/* Of a hexadecimal number with this last digit: the power of two that it is a multiple of, 0 to 3.
 */
static uint8_t alignment_of(char digit)
{
	uint32_t value = is_digit(digit) ? (uint32_t)(digit - '0') : (uint32_t)(digit - 'a' + 10);

	return (uint8_t)__builtin_ctz(value | 8);
}

/* The key has the kind in its place: no line has such a byte, see jsonl_cut(). */
static int add_hole(struct cutter *cutter, uint32_t at, uint32_t size, uint8_t kind)
{
	struct jsonl_cut *cut = cutter->cut;

	if (cut->holes == JSONL_MOST_HOLES || copy_until(cutter, at))
		return -1;
	cut->key[cut->key_size++] = kind;
	if (cutter->key == ARGS && kind == JSONL_HEX)
		cut->key[cut->key_size - 1] |=
			(uint8_t)(alignment_of(cutter->line[at + size - 1]) << 3);
	cut->hole[cut->holes++] = (struct jsonl_hole){at, (uint16_t)size, kind};
	cutter->copied = at + size;
	return 0;
}

static int64_t number_of(const char *digits, uint32_t size)
{
	int64_t value = 0;

	for (uint32_t i = 0; i < size; i++)
		value = value * 10 + (digits[i] - '0');
	return value;
}

/* 1 to 99 microseconds as Python writes them: 5e-05, 1.2e-05, 7e-06; else -1. */
static int64_t small_micros(const char *text, uint32_t size)
{
	int tenths = size == 7 && text[1] == '.' && text[2] >= '1' && text[2] <= '9';
	const char *rest = text + (tenths ? 3 : 1);

	if (size != (tenths ? 7 : 5) || text[0] < '1' || text[0] > '9' || memcmp(rest, "e-0", 3))
		return -1;
	if (rest[3] == '5')
		return (text[0] - '0') * 10 + (tenths ? text[2] - '0' : 0);
	return rest[3] == '6' && !tenths ? text[0] - '0' : -1;
}

/* Seconds as Python writes them, in microseconds; -1 for anything else. */
static int64_t micros_of(const char *text, uint32_t size)
{
	uint32_t whole = 0, part = 0;
	int64_t micros;

	while (whole < size && is_digit(text[whole]))
		whole++;
	while (whole + 1 + part < size && is_digit(text[whole + 1 + part]))
		part++;
	if (!whole || !part || text[whole] != '.' || whole + 1 + part != size)
		return small_micros(text, size);
	if (whole > 10 || part > 6 || (text[0] == '0' && whole > 1) ||
	    (text[size - 1] == '0' && part > 1))
		return -1;
	micros = number_of(text + whole + 1, part);
	for (uint32_t i = part; i < 6; i++)
		micros *= 10;
	micros += number_of(text, whole) * MILLION;
	return micros < MAX_SECONDS * MILLION && (micros >= 100 || !micros) ? micros : -1;
}

static int is_whole(const char *text, uint32_t size)
{
	if (!size || size > MOST_DIGITS || (text[0] == '0' && size > 1))
		return 0;
	for (uint32_t i = 0; i < size; i++)
		if (!is_digit(text[i]))
			return 0;
	return 1;
}

/* seq, time or duration: each once. */
static int note_number(struct cutter *cutter, uint32_t at, uint32_t size)
{
	const char *text = cutter->line + at;
	uint8_t kind = keys[cutter->key].kind;
	int64_t micros = kind == JSONL_SEQ ? 0 : micros_of(text, size);

	if (cutter->depth != 1 || cutter->kinds & 1u << kind || micros < 0 ||
	    (kind == JSONL_SEQ && !is_whole(text, size)))
		return -1;
	cutter->kinds |= 1u << kind;
	if (kind == JSONL_SEQ)
		cutter->cut->seq = (uint64_t)number_of(text, size);
	else
		*(kind == JSONL_TIME ? &cutter->cut->time : &cutter->cut->duration) = micros;
	return add_hole(cutter, at, size, kind);
}

static int cut_number(struct cutter *cutter)
{
	uint32_t at = cutter->at, end = at;
	const char *line = cutter->line;

	while (end < cutter->size && line[end] && strchr("+-.0123456789eE", line[end]))
		end++;
	cutter->at = end;
	if (cutter->key == KEYS)
		return 0;
	if (keys[cutter->key].kind)
		return note_number(cutter, at, end - at);
	if (line[at] == '0' || !is_whole(line + at, end - at))
		return 0;
	return add_hole(cutter, at, end - at, JSONL_DECIMAL);
}

static int is_hex(const char *text, uint32_t size)
{
	if (size < 3 || size > HEX_AND_MORE || memcmp(text, "0x", 2) || text[2] == '0')
		return 0;
	for (uint32_t i = 2; i < size; i++)
		if (!is_digit(text[i]) && (text[i] < 'a' || text[i] > 'f'))
			return 0;
	return 1;
}

static void note_key(struct cutter *cutter, uint32_t at, uint32_t size)
{
	for (cutter->key = 0; cutter->key < KEYS; cutter->key++)
		if (strlen(keys[cutter->key].name) == size &&
		    !memcmp(keys[cutter->key].name, cutter->line + at, size))
			return;
}

static int cut_string(struct cutter *cutter)
{
	uint32_t at = cutter->at + 1, end = at;
	const char *line = cutter->line;
	char next;

	while (end < cutter->size && line[end] != '"')
		end += line[end] == '\\' ? 2 : 1;
	if (end >= cutter->size)
		return -1;
	cutter->at = end + 1;
	next = cutter->at < cutter->size ? line[cutter->at] : 0;
	if (next == ':') {
		if (cutter->depth == 1)
			note_key(cutter, at, end - at);
		return 0;
	}
	if (cutter->key == KEYS || keys[cutter->key].kind || !next || !strchr(",]}", next) ||
	    !is_hex(line + at, end - at))
		return 0;
	return add_hole(cutter, at, end - at, JSONL_HEX);
}

static int cut_token(struct cutter *cutter)
{
	char c = cutter->line[cutter->at];

	if (c == '"')
		return cut_string(cutter);
	if (c == '-' || is_digit(c))
		return cut_number(cutter);
	if (c == '{' || c == '[')
		cutter->depth++;
	if (c == '}' || c == ']')
		cutter->depth--;
	cutter->at++;
	return 0;
}

int jsonl_cut(const char *line, size_t size, struct jsonl_cut *cut)
{
	const uint32_t needed = 1u << JSONL_SEQ | 1u << JSONL_TIME | 1u << JSONL_DURATION;
	struct cutter cutter = {.line = line, .size = (uint32_t)size, .key = KEYS, .cut = cut};

	cut->holes = cut->key_size = 0;
	if (size > MAX_SIZE)
		return -1;
	for (uint32_t i = 0; i < size; i++)
		if ((uint8_t)line[i] < ' ')
			return -1;
	while (cutter.at < cutter.size)
		if (cut_token(&cutter))
			return -1;
	return cutter.kinds == needed ? copy_until(&cutter, cutter.size) : -1;
}
