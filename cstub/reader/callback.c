/* SPDX-License-Identifier: BSD-3-Clause */
#include "callback.h"

#include <stddef.h>

int callback_read(void *context, uint64_t address, void *to, uint32_t size)
{
	struct callback *callback = context;

	callback->was_read = 0;
	callback->read(address, to, size);
	return callback->was_read != 0;
}

const char *callback_why(void *context, uint64_t address, void *to, uint32_t size)
{
	struct callback *callback = context;

	callback->why[0] = callback->why[CALLBACK_WHY - 1] = 0;
	return callback_read(callback, address, to, size) ? NULL : callback->why;
}
