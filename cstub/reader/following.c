/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "following.h"

struct following {
	struct follower follower;
	struct trace_writer writer;
};

struct following *following_new(const struct rings *rings, int file, uint64_t tsc_hz,
				enum acrn_trace_clock clock)
{
	struct following *following = calloc(1, sizeof(*following));

	if (!following)
		return NULL;
	following->writer.file = file;
	if (!follower_begin(&following->follower, rings, &following->writer, tsc_hz, clock))
		return following;
	following_free(following);
	return NULL;
}

void following_free(struct following *following)
{
	if (following)
		follower_free(&following->follower);
	free(following);
}

int following_pass(struct following *following)
{
	follower_pass(&following->follower);
	if (following->writer.failed)
		return following->writer.failed;
	return following->follower.is_unreadable ? FOLLOWING_UNREADABLE : FOLLOWING_OK;
}

uint64_t following_lose_unread(struct following *following)
{
	return follower_lose_unread(&following->follower);
}

int following_end(struct following *following, struct acrn_trace_end *end)
{
	follower_end(&following->follower);
	trace_end(&following->writer);
	*end = (struct acrn_trace_end){following->writer.records, following->writer.lost};
	return following->writer.failed;
}
