/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

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

static uint32_t by_table(uint32_t value, const unsigned char *at, size_t size)
{
	for (; size >= 8; size -= 8, at += 8)
		value = eight_bytes(value, at);
	for (; size; size--, at++)
		value = value >> 8 ^ table[0][(value ^ *at) & 255];
	return value;
}

#if defined(__x86_64__)
#define FOLDING __attribute__((target("pclmul,sse2")))

/* x^(64n+32) and x^(64n-32) modulo the polynomial, bit-reflected: what 16n bytes further on is. */
static const uint64_t by_64_bytes[2] = {0x154442bd4u, 0x1c6e41596u};
static const uint64_t by_16_bytes[2] = {0x1751997d0u, 0x0ccaa009eu};

FOLDING static inline __m128i fold(__m128i bytes, const uint64_t by[2], __m128i onto)
{
	__m128i factors = _mm_set_epi64x((int64_t)by[1], (int64_t)by[0]);

	return _mm_xor_si128(_mm_xor_si128(_mm_clmulepi64_si128(bytes, factors, 0x00),
					   _mm_clmulepi64_si128(bytes, factors, 0x11)),
			     onto);
}

FOLDING static inline __m128i sixteen(const unsigned char *at)
{
	return _mm_loadu_si128((const __m128i *)at);
}

/*
 * Of `size` bytes, at least 64 and a multiple of 16: what is folded to the last 16 has the same
 * checksum. Reading a recording is bound by this otherwise.
 */
FOLDING static uint32_t by_folding(uint32_t value, const unsigned char *at, size_t size)
{
	unsigned char last[16];
	__m128i lane[4];

	for (int i = 0; i < 4; i++)
		lane[i] = sixteen(at + 16 * i);
	lane[0] = _mm_xor_si128(lane[0], _mm_cvtsi32_si128((int)value));
	for (at += 64, size -= 64; size >= 64; at += 64, size -= 64)
		for (int i = 0; i < 4; i++)
			lane[i] = fold(lane[i], by_64_bytes, sixteen(at + 16 * i));
	for (int i = 1; i < 4; i++)
		lane[0] = fold(lane[0], by_16_bytes, lane[i]);
	for (; size; at += 16, size -= 16)
		lane[0] = fold(lane[0], by_16_bytes, sixteen(at));
	_mm_storeu_si128((__m128i *)last, lane[0]);
	return by_table(0, last, sizeof(last));
}
#endif

uint32_t checksum(uint32_t before, const void *data, size_t size)
{
	const unsigned char *at = data;
	uint32_t value = ~before;

	if (!table[0][1])
		fill_table();
#if defined(__x86_64__)
	if (size >= 64 && __builtin_cpu_supports("pclmul")) {
		value = by_folding(value, at, size & ~(size_t)15);
		at += size & ~(size_t)15;
		size &= 15;
	}
#endif
	return ~by_table(value, at, size);
}
