/* SPDX-License-Identifier: BSD-3-Clause */
/* Appends the QEMU plugin's calls to a trace file, in the order of their entries. */
#include <stdlib.h>
#include <time.h>

#include "shared_calls.h"
#include "shared_taken.h"
#include "trace_writer.h"

#define HELD_MOST (8u << 20) /* bytes, of which more does not wait for a call in flight */
#define WAIT_NS	  100000000u /* nor does anything for longer */

/* Sequences of calls that were not waited for. */
struct late {
	uint64_t at[SHARED_VCPUS * SHARED_SLOTS];
	uint32_t count;
};

struct shared_calls {
	struct shared_taken taken;
	struct trace_writer writer;
	int writes_entries;
	uint64_t pass, next; /* all before `next` are written, lost or late */
	struct late late;
	uint32_t unfinished;	   /* calls, at the end */
	uint64_t waits_for, since; /* the call that others wait for, and since when (ns) */
	uint8_t entry[HYPERCALL_RECORD_MOST];
};

struct shared_calls *shared_calls_new(const char *path, int file, int writes_entries)
{
	const struct acrn_trace_writers writers = {.clock = ACRN_TRACE_CLOCK_NONE, .rings = 1};
	struct shared_calls *calls = calloc(1, sizeof(*calls));

	if (!calls || taken_open(&calls->taken, path)) {
		free(calls);
		return NULL;
	}
	calls->writer.file = file;
	calls->writes_entries = writes_entries;
	trace_writers(&calls->writer, &writers);
	return calls;
}

void shared_calls_free(struct shared_calls *calls)
{
	taken_close(&calls->taken);
	free(calls);
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* The first call in flight that the others are to wait for; UINT64_MAX: for none, or no longer. */
static uint64_t waited_for(struct shared_calls *calls)
{
	const struct shared_taken *taken = &calls->taken;
	uint32_t i = 0;

	while (i < taken->in_flight && taken->flying[i].sequence < calls->next)
		i++; /* late already */
	if (i == taken->in_flight)
		return UINT64_MAX;
	if (calls->waits_for != taken->flying[i].sequence || !calls->since) {
		calls->waits_for = taken->flying[i].sequence;
		calls->since = now();
	}
	if (taken->used > HELD_MOST || now() - calls->since > WAIT_NS)
		return UINT64_MAX;
	return taken->flying[i].sequence;
}

static void lose(struct shared_calls *calls, uint64_t up_to)
{
	const struct acrn_trace_loss loss = {
		.why = ACRN_TRACE_FULL, .first = calls->next, .count = up_to - calls->next};

	if (up_to > calls->next) {
		trace_flush(&calls->writer);
		trace_loss(&calls->writer, &loss);
		calls->next = up_to;
	}
}

static void write_entry(struct shared_calls *calls, const struct flying *flying)
{
	const struct acrn_trace_records block = {.pass = calls->pass};
	uint32_t size = 0;

	if (calls->writes_entries)
		size = taken_in_flight(&calls->taken, flying, calls->entry);
	if (size)
		trace_in_flight(&calls->writer, &block, calls->entry, size);
}

/* Go on to `end`: what is missing is in flight, and late from now on, or was lost. */
static void pass_over(struct shared_calls *calls, uint64_t end)
{
	for (uint32_t i = 0; i < calls->taken.in_flight; i++) {
		const struct flying *flying = &calls->taken.flying[i];
		uint64_t sequence = flying->sequence;

		if (sequence < calls->next || sequence >= end)
			continue;
		lose(calls, sequence);
		write_entry(calls, flying);
		if (calls->late.count < SHARED_VCPUS * SHARED_SLOTS)
			calls->late.at[calls->late.count++] = sequence;
		calls->next = sequence + 1;
	}
	lose(calls, end);
}

/* Whether the call was late, which it is no longer. */
static int is_late(struct late *late, uint64_t sequence)
{
	for (uint32_t i = 0; i < late->count; i++)
		if (late->at[i] == sequence) {
			late->at[i] = late->at[--late->count];
			return 1;
		}
	return 0;
}

/* Write all that is before `end`, in order. */
static int write_calls(struct shared_calls *calls, uint64_t end)
{
	const struct acrn_trace_records block = {.pass = ++calls->pass};
	size_t count = 0;

	taken_sort(&calls->taken);
	for (; count < calls->taken.count && calls->taken.taken[count].sequence < end; count++) {
		const struct taken *taken = &calls->taken.taken[count];

		if (taken->sequence >= calls->next) {
			pass_over(calls, taken->sequence);
			calls->next = taken->sequence + 1;
		} else if (!is_late(&calls->late, taken->sequence)) {
			return SHARED_BROKEN;
		}
		trace_call(&calls->writer, &block, calls->taken.bytes + taken->at, taken->size);
	}
	taken_forget(&calls->taken, count);
	pass_over(calls, end);
	trace_flush(&calls->writer);
	return calls->writer.failed;
}

int shared_calls_pass(struct shared_calls *calls)
{
	uint64_t end = taken_look(&calls->taken), waited;
	int error = taken_drain(&calls->taken);

	waited = waited_for(calls);
	return error ? error : write_calls(calls, waited < end ? waited : end);
}

uint64_t shared_calls_made(const struct shared_calls *calls)
{
	return __atomic_load_n(&calls->taken.head->next, __ATOMIC_RELAXED);
}

uint32_t shared_calls_in_flight(const struct shared_calls *calls)
{
	return calls->unfinished + calls->taken.in_flight;
}

int shared_calls_end(struct shared_calls *calls, struct acrn_trace_end *end)
{
	int error = taken_drain(&calls->taken);

	size_t over = calls->taken.count;

	if (!error)
		error = taken_abandoned(&calls->taken);
	calls->unfinished = (uint32_t)(calls->taken.count - over);
	calls->taken.in_flight = 0;
	if (!error)
		error = write_calls(calls, shared_calls_made(calls));
	trace_end(&calls->writer);
	*end = (struct acrn_trace_end){calls->writer.records, calls->writer.lost};
	return error ? error : calls->writer.failed;
}
