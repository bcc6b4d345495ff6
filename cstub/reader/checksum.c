/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "checksum.h"

#define POLYNOMIAL 0xedb88320u

/* table[k][b]: what byte b does to the checksum when k more bytes follow it. */
static uint32_t table[8][256];

static void fill_table(void)
{
	for (uint32_t byte = 0; byte < 256; byte++) {
		uint32_t value = byte;

		for (int bit = 0; bit < 8; bit++)
			value = value >> 1 ^ (value & 1 ? POLYNOMIAL : 0);
		table[0][byte] = value;
	}
	for (int k = 1; k < 8; k++)
		for (int byte = 0; byte < 256; byte++)
			table[k][byte] =
				table[k - 1][byte] >> 8 ^ table[0][table[k - 1][byte] & 255];
}

/* Eight bytes at a time: recording is bound by this otherwise. */
static uint32_t eight_bytes(uint32_t value, const unsigned char *data)
{
	uint32_t low, high;

	memcpy(&low, data, 4);
	memcpy(&high, data + 4, 4);
	low ^= value;
	return table[7][low & 255] ^ table[6][low >> 8 & 255] ^ table[5][low >> 16 & 255] ^
	       table[4][low >> 24] ^ table[3][high & 255] ^ table[2][high >> 8 & 255] ^
	       table[1][high >> 16 & 255] ^ table[0][high >> 24];
}

uint32_t checksum(uint32_t before, const void *data, size_t size)
{
	const unsigned char *at = data;
	uint32_t value = ~before;

	if (!table[0][1])
		fill_table();
	for (; size >= 8; size -= 8, at += 8)
		value = eight_bytes(value, at);
	for (; size; size--, at++)
		value = value >> 8 ^ table[0][(value ^ *at) & 255];
	return ~value;
}
