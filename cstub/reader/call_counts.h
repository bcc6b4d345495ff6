/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counts calls and their times by name, for the summary (sinks/summary.py has the same of events).
 *
 * Memory is bounded: past COUNTS_KINDS names the rest share a row.
 */
#ifndef CALL_COUNTS_H
#define CALL_COUNTS_H

#include <stddef.h>
#include <stdint.h>

#include "call.h"

#define COUNTS_KINDS   512u /* SummarySink.MAX_KINDS */
#define COUNTS_VCPUS   64u  /* that a row tells apart: MAX_VCPUS */
#define COUNTS_ERRORS  256u
#define COUNTS_OCTAVES 61 /* of times from 1 ns to 10^9 s */
#define COUNTS_STEPS   32 /* buckets an octave: sinks/histogram.py */

/* What stands for an error's number (which is 1 to 4095) where there is none. */
enum counts_error { COUNTS_FAULTED = -1, COUNTS_BARE = -2, COUNTS_OTHER = -3 };

struct call_counts;

struct call_counts *counts_new(void); /* NULL without memory */
void counts_free(struct call_counts *counts);

/* Count a call. 0, or -1 without memory. */
int counts_add(struct call_counts *counts, const struct call *call, const struct table *table);

/*
 * All rows, in the order of their first calls, as bytes (little-endian), back to back:
 *   u32 length of the name, the name (UTF-8; of no length: the calls of all other names)
 *   u64 calls, u64 findings, u64 tampered with
 *   u64 calls whose time is known; u64 low and high half of the sum, u64 least, u64 most:
 * microseconds u32 errors, then for each i64 number or enum counts_error, u64 calls u32 vCPUs, then
 * for each i64 number, -1 for unknown u32 buckets, then for each i64 of Histogram, u64 calls The
 * rest of `room` is left alone. How many bytes there are to have, which may be more than fit.
 */
size_t counts_rows(const struct call_counts *counts, uint8_t *to, size_t room);

/* Begin anew. */
void counts_forget(struct call_counts *counts);

#endif
