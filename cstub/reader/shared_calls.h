/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Takes calls out of the memory that the QEMU plugin shares (hypercall_shared.h), and appends them
 * to a trace file in the order in which they were made.
 *
 * A call is written when it is over and all before it are, or have been waited for long enough:
 * then they come late. What is missing was lost. The memory is QEMU's, so hostile: what cannot be
 * right in it ends the reading.
 */
#ifndef SHARED_CALLS_H
#define SHARED_CALLS_H

#include <stdint.h>

#include "acrn_trace_file.h"

struct shared_calls;

/* The file is mapped; `file` is the trace's, and stays the caller's. With `writes_entries` a call
 * that others do not wait for is written as one in flight before it is over. NULL, and errno. */
struct shared_calls *shared_calls_new(const char *path, int file, int writes_entries);
void shared_calls_free(struct shared_calls *calls);

/* Take what is new: 0, an errno with which the trace could not be written, or -1: the memory
 * cannot be right. */
int shared_calls_pass(struct shared_calls *calls);

/* Calls that were made up to now; those that were in flight at the latest pass, or at the end. */
uint64_t shared_calls_made(const struct shared_calls *calls);
uint32_t shared_calls_in_flight(const struct shared_calls *calls);

/* QEMU is gone: what is in flight stays unfinished. As shared_calls_pass(). */
int shared_calls_end(struct shared_calls *calls, struct acrn_trace_end *end);

#endif
