/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that a function in another language reads. What that raises is nothing to C, and what it
 * returns then is anything: so it says in memory that it has read.
 */
#ifndef CALLBACK_H
#define CALLBACK_H

#include <stdint.h>

struct callback {
	void (*read)(uint64_t address, void *to, uint32_t size);
	uint64_t was_read; /* for `read` to set, at its very end */
};

/* As struct rings has it; `context` is a struct callback. */
int callback_read(void *context, uint64_t address, void *to, uint32_t size);

#endif
