/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Takes calls out of the memory that the QEMU plugin shares (hypercall_shared.h): copies of those
 * that are over, and which ones are in flight. The memory is QEMU's, so hostile.
 */
#ifndef SHARED_TAKEN_H
#define SHARED_TAKEN_H

#include <stddef.h>
#include <stdint.h>

#include "hypercall_shared.h"

#define SHARED_BROKEN (-1) /* the memory cannot be right */

/* A record that was taken, and where in `bytes` it is. */
struct taken {
	uint64_t sequence;
	size_t at;
	uint32_t size;
};

/* A call in flight, and its slot. */
struct flying {
	uint64_t sequence;
	uint32_t vcpu, slot;
};

struct shared_taken {
	struct shared_head *head;
	struct shared_head layout; /* as `head` was when it was looked at: QEMU cannot change it */
	uint64_t size;
	struct flying flying[SHARED_VCPUS * SHARED_SLOTS]; /* by their sequences */
	uint32_t in_flight;
	unsigned char *bytes;
	size_t used, room;
	struct taken *taken;
	size_t count, most;
};

/* Map the file: 0, or -1 and errno. */
int taken_open(struct shared_taken *calls, const char *path);
void taken_close(struct shared_taken *calls);

/* Note the calls in flight. No call with a sequence below what is returned is still to be made. */
uint64_t taken_look(struct shared_taken *calls);

/* Take all that is over: 0, an errno, or SHARED_BROKEN. */
int taken_drain(struct shared_taken *calls);

/* QEMU is gone: take those in flight, of which no slot is to be filled any more. As above. */
int taken_abandoned(struct shared_taken *calls);

/* Copy the record of a call in flight: its size, or 0 where it is over now, or cannot be right. */
uint32_t taken_in_flight(const struct shared_taken *calls, const struct flying *flying,
			 uint8_t record[HYPERCALL_RECORD_MOST]);

/* Put what was taken in the order of sequences. */
void taken_sort(struct shared_taken *calls);

/* Forget the first `count` of what was taken. */
void taken_forget(struct shared_taken *calls, size_t count);

#endif
