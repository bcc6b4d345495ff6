/* SPDX-License-Identifier: BSD-3-Clause */
/* Makes UTF-8 of bytes that may be anything. */
#include <string.h>

#include "utf8.h"

/* What may stand behind a first byte (Unicode 15, table 3-7). */
static const struct lead {
	uint8_t first, last; /* bytes that begin so */
	uint8_t least, most; /* of the second; those behind it are 80 to bf */
	uint8_t size;
} leads[] = {
	{0x00, 0x7f, 0x00, 0x00, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
	{0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
	{0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

/* How many bytes of what begins there belong together; `*is_whole`: they are a character. */
static size_t part(const uint8_t *bytes, size_t size, int *is_whole)
{
	const struct lead *lead = leads, *end = leads + sizeof(leads) / sizeof(*leads);
	size_t at = 1;

	while (lead < end && (bytes[0] < lead->first || bytes[0] > lead->last))
		lead++;
	*is_whole = 0;
	if (lead == end)
		return 1;
	for (; at < lead->size && at < size; at++) {
		uint8_t least = at == 1 ? lead->least : 0x80, most = at == 1 ? lead->most : 0xbf;

		if (bytes[at] < least || bytes[at] > most)
			return at;
	}
	*is_whole = at == lead->size;
	return at;
}

size_t utf8_of(char *text, const uint8_t *bytes, size_t size)
{
	char *to = text;

	while (size) {
		int is_whole;
		size_t length = part(bytes, size, &is_whole);

		memcpy(to, is_whole ? (const char *)bytes : "\xef\xbf\xbd", is_whole ? length : 3);
		to += is_whole ? length : 3;
		bytes += length;
		size -= length;
	}
	return (size_t)(to - text);
}
