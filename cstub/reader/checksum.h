/* SPDX-License-Identifier: BSD-3-Clause */
/* CRC-32 of IEEE 802.3 (polynomial 0xedb88320 reflected), the one that zlib's crc32() computes. */
#ifndef CHECKSUM_H
#define CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of what `before` is the checksum of (0: nothing) followed by `data`. */
uint32_t checksum(uint32_t before, const void *data, size_t size);

#endif
