/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Loads little-endian numbers from bytes: whatever their alignment, whatever the host's order.
 */
#ifndef DECODE_BYTES_H
#define DECODE_BYTES_H

#include <stdint.h>

static inline uint16_t load16(const uint8_t *at)
{
	return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t load32(const uint8_t *at)
{
	return (uint32_t)load16(at) | (uint32_t)load16(at + 2) << 16;
}

static inline uint64_t load64(const uint8_t *at)
{
	return (uint64_t)load32(at) | (uint64_t)load32(at + 4) << 32;
}

/* The low 1 to 64 bits of a number. */
static inline uint64_t low_bits(uint64_t number, uint32_t bits)
{
	return number & ~(uint64_t)0 >> (64 - bits);
}

/* A number of 1 to 64 bits that begins `offset` bits into `bytes`; bits behind `size` are 0. */
static inline uint64_t load_bits(const uint8_t *bytes, uint32_t size, uint32_t offset,
				 uint32_t bits)
{
	uint32_t at = offset / 8, shift = offset % 8;
	uint64_t number = 0;

	if (at < size && size >= 8 && shift + bits <= 64) {
		uint32_t from = at < size - 8 ? at : size - 8;

		number = load64(bytes + from) >> (8 * (at - from) + shift);
	} else {
		for (uint32_t i = 0; i < 9 && at + i < size; i++) {
			if (8 * i < shift)
				number |= bytes[at + i] >> shift;
			else if (8 * i - shift < 64)
				number |= (uint64_t)bytes[at + i] << (8 * i - shift);
		}
	}
	return low_bits(number, bits);
}

#endif
