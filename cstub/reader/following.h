/* SPDX-License-Identifier: BSD-3-Clause */
/* A follower and its trace file in one, for whoever has the reader as a library. */
#ifndef FOLLOWING_H
#define FOLLOWING_H

#include "follower.h"

struct following;

enum following_result {
	FOLLOWING_UNREADABLE = -1, /* memory: the next pass goes on from there */
	FOLLOWING_OK = 0,	   /* else the errno with which the file could not be written */
};

/* Appends to an open file, which stays the caller's, as do the rings; NULL: not enough memory. */
struct following *following_new(const struct rings *rings, int file, uint64_t tsc_hz,
				enum acrn_trace_clock clock);
void following_free(struct following *following);

/* All that is new in the rings: enum following_result. */
int following_pass(struct following *following);

/* The guest is gone (follower_lose_unread). */
uint64_t following_lose_unread(struct following *following);

/* End the file; what it has comes into `end`. enum following_result. */
int following_end(struct following *following, struct acrn_trace_end *end);

#endif
