/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that a function in another language reads. What that raises is nothing to C, and what it
 * returns then is anything: so it says in memory that it has read.
 */
#ifndef CALLBACK_H
#define CALLBACK_H

#include <stdint.h>

#define CALLBACK_WHY 256

struct callback {
	void (*read)(uint64_t address, void *to, uint32_t size);
	uint64_t was_read;	/* for `read` to set, at its very end */
	char why[CALLBACK_WHY]; /* it did not, in UTF-8, where it says so */
};

/* As struct rings has it; `context` is a struct callback. */
int callback_read(void *context, uint64_t address, void *to, uint32_t size);

/* As struct memory has it. */
const char *callback_why(void *context, uint64_t address, void *to, uint32_t size);

#endif
