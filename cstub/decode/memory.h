/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory of a guest that stands still, which the decoder reads where nothing was captured.
 */
#ifndef DECODE_MEMORY_H
#define DECODE_MEMORY_H

#include <stdint.h>

struct memory {
	/* NULL, and `size` bytes of guest-physical memory in `to`; else why not, in words that
	   stay until the next time. When the call is decoded, secrets in `to` are ones. */
	const char *(*read)(void *context, uint64_t address, void *to, uint32_t size);
	void *context;
};

#endif
