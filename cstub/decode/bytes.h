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

#endif
