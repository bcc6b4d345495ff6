/* SPDX-License-Identifier: BSD-3-Clause */
#include "callback.h"

int callback_read(void *context, uint64_t address, void *to, uint32_t size)
{
	struct callback *callback = context;

	callback->was_read = 0;
	callback->read(address, to, size);
	return callback->was_read != 0;
}
