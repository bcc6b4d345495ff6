/* SPDX-License-Identifier: BSD-3-Clause */
/* Takes calls out of the QEMU plugin's memory into a trace file, in the order of their entries. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "hypercall_shared.h"
#include "shared_calls.h"
#include "trace_writer.h"

#define BROKEN	   (-1)
#define HELD_FIRST (1u << 20) /* bytes; grows with what is held */
#define HELD_MOST  (8u << 20) /* of which more does not wait for a call in flight */
#define WAIT_NS	   500000000u /* nor does anything for longer */

/* A record that was taken, and where in `held` it is. */
struct taken {
	uint64_t sequence;
	size_t at;
	uint32_t size;
};

/* Sequences in ascending order. */
struct sequences {
	uint64_t at[SHARED_VCPUS * SHARED_SLOTS];
	uint32_t count;
};

struct shared_calls {
	struct shared_head *head;
	struct shared_head layout; /* as `head` was when it was looked at: QEMU cannot change it */
	uint64_t size;
	struct trace_writer writer;
	uint64_t pass, next;	   /* all before `next` are written, lost or late */
	struct sequences flying;   /* calls in flight, at this pass */
	struct sequences late;	   /* of those, what was not waited for */
	uint64_t waits_for, since; /* the call that others wait for, and since when (ns) */
	unsigned char *held;
	size_t used, room;
	struct taken *taken;
	size_t count, most;
};

static int map(struct shared_calls *calls, const char *path)
{
	int file = open(path, O_RDWR | O_CLOEXEC);
	struct stat status;

	if (file < 0)
		return -1;
	if (!fstat(file, &status)) {
		calls->size = (uint64_t)status.st_size;
		calls->head = mmap(NULL, calls->size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	}
	close(file);
	if (!calls->head || calls->head == MAP_FAILED)
		return -1;
	calls->layout = *calls->head;
	if (shared_is_right(&calls->layout, calls->size))
		return 0;
	errno = EINVAL;
	return -1;
}

struct shared_calls *shared_calls_new(const char *path, int file)
{
	const struct acrn_trace_writers writers = {.clock = ACRN_TRACE_CLOCK_NONE, .rings = 1};
	struct shared_calls *calls = calloc(1, sizeof(*calls));

	if (!calls || map(calls, path)) {
		free(calls);
		return NULL;
	}
	calls->writer.file = file;
	trace_writers(&calls->writer, &writers);
	return calls;
}

void shared_calls_free(struct shared_calls *calls)
{
	munmap(calls->head, calls->size);
	free(calls->held);
	free(calls->taken);
	free(calls);
}

/* Where things are, by the layout as it was when it was looked at. */
static uint8_t *vcpu_at(const struct shared_calls *calls, uint32_t vcpu)
{
	return (uint8_t *)calls->head + shared_vcpus_at(&calls->layout) +
	       vcpu * shared_vcpu_size(&calls->layout);
}

static struct shared_slot *slot_at(const struct shared_calls *calls, uint32_t vcpu, uint32_t slot)
{
	return (struct shared_slot *)(vcpu_at(calls, vcpu) + sizeof(struct shared_writer) +
				      slot * shared_slot_size(&calls->layout));
}

static void *grown(void *memory, size_t *room, size_t wanted, size_t first, size_t each)
{
	size_t more = *room ? *room : first;
	void *larger;

	while (more < wanted)
		more *= 2;
	larger = realloc(memory, more * each);
	if (larger)
		*room = more;
	return larger;
}

static int make_room(struct shared_calls *calls, uint32_t size)
{
	if (calls->used + size > calls->room) {
		void *held = grown(calls->held, &calls->room, calls->used + size, HELD_FIRST, 1);

		if (!held)
			return ENOMEM;
		calls->held = held;
	}
	if (calls->count == calls->most) {
		void *taken = grown(calls->taken, &calls->most, calls->count + 1, 1024,
				    sizeof(*calls->taken));

		if (!taken)
			return ENOMEM;
		calls->taken = taken;
	}
	return 0;
}

/* Hold a copy of the record, which QEMU cannot change any more. */
static int take(struct shared_calls *calls, const uint8_t *bytes, uint32_t size, uint8_t state)
{
	struct hypercall_record record;
	int error = make_room(calls, size);

	if (error)
		return error;
	memcpy(calls->held + calls->used, bytes, size);
	memcpy(&record, calls->held + calls->used, sizeof(record));
	if (record.size != size || (state && record.state != state))
		return BROKEN;
	record.ring = 0;
	memcpy(calls->held + calls->used, &record, sizeof(record));
	calls->taken[calls->count++] = (struct taken){record.sequence, calls->used, size};
	calls->used += size;
	return 0;
}

static int drain(struct shared_calls *calls, uint32_t vcpu)
{
	struct shared_writer *writer = (struct shared_writer *)vcpu_at(calls, vcpu);
	const uint8_t *ring = (const uint8_t *)slot_at(calls, vcpu, SHARED_SLOTS);
	uint64_t head = __atomic_load_n(&writer->head, __ATOMIC_ACQUIRE), tail = writer->tail;
	const uint32_t bytes = calls->layout.ring_bytes;
	int error = head - tail > bytes ? BROKEN : 0;

	while (!error && tail != head) {
		uint64_t at = tail & (bytes - 1);
		uint32_t size;

		memcpy(&size, ring + at, sizeof(size));
		if (!size) {
			tail += bytes - at;
			error = head - tail > bytes ? BROKEN : 0;
			continue;
		}
		if (size < HYPERCALL_RECORD_SIZE || size % 8 || size > bytes - at ||
		    size > head - tail)
			return BROKEN;
		error = take(calls, ring + at, size, 0);
		tail += size;
	}
	__atomic_store_n(&writer->tail, tail, __ATOMIC_RELEASE);
	return error;
}

static int by_number(const void *one, const void *other)
{
	uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;

	return a < b ? -1 : a > b;
}

/* Note the calls in flight. No call with a sequence below what is returned is still to be made. */
static uint64_t look_at_slots(struct shared_calls *calls)
{
	uint64_t least = __atomic_load_n(&calls->head->next, __ATOMIC_SEQ_CST);

	calls->flying.count = 0;
	for (uint32_t vcpu = 0; vcpu < calls->layout.vcpus; vcpu++)
		for (uint32_t i = 0; i < SHARED_SLOTS; i++) {
			struct shared_slot *slot = slot_at(calls, vcpu, i);
			uint32_t state = __atomic_load_n(&slot->state, __ATOMIC_SEQ_CST);
			uint64_t floor = slot->floor;

			if (state == SLOT_IN_FLIGHT)
				calls->flying.at[calls->flying.count++] = floor;
			else if (state == SLOT_ENTERING && floor < least)
				least = floor;
		}
	qsort(calls->flying.at, calls->flying.count, sizeof(uint64_t), by_number);
	return least;
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
	uint32_t i = 0;

	while (i < calls->flying.count && calls->flying.at[i] < calls->next)
		i++; /* late already */
	if (i == calls->flying.count)
		return UINT64_MAX;
	if (calls->waits_for != calls->flying.at[i] || !calls->since) {
		calls->waits_for = calls->flying.at[i];
		calls->since = now();
	}
	if (calls->used > HELD_MOST || now() - calls->since > WAIT_NS)
		return UINT64_MAX;
	return calls->flying.at[i];
}

static int by_sequence(const void *one, const void *other)
{
	uint64_t a = ((const struct taken *)one)->sequence;
	uint64_t b = ((const struct taken *)other)->sequence;

	return a < b ? -1 : a > b;
}

static void sort(struct shared_calls *calls)
{
	for (size_t i = 1; i < calls->count; i++)
		if (calls->taken[i].sequence < calls->taken[i - 1].sequence) {
			qsort(calls->taken, calls->count, sizeof(*calls->taken), by_sequence);
			return;
		}
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

/* Go on to `end`: what is missing is in flight, and late from now on, or was lost. */
static void pass_over(struct shared_calls *calls, uint64_t end)
{
	for (uint32_t i = 0; i < calls->flying.count; i++) {
		uint64_t sequence = calls->flying.at[i];

		if (sequence < calls->next || sequence >= end)
			continue;
		lose(calls, sequence);
		if (calls->late.count < SHARED_VCPUS * SHARED_SLOTS)
			calls->late.at[calls->late.count++] = sequence;
		calls->next = sequence + 1;
	}
	lose(calls, end);
}

/* Whether the call was late, which it is no longer. */
static int is_late(struct sequences *late, uint64_t sequence)
{
	for (uint32_t i = 0; i < late->count; i++)
		if (late->at[i] == sequence) {
			late->at[i] = late->at[--late->count];
			return 1;
		}
	return 0;
}

/* Forget the first `count` of what is held, and their bytes where most are not needed any more. */
static void forget(struct shared_calls *calls, size_t count)
{
	size_t used = 0, left = 0;
	unsigned char *held;

	calls->count -= count;
	memmove(calls->taken, calls->taken + count, calls->count * sizeof(*calls->taken));
	for (size_t i = 0; i < calls->count; i++)
		left += calls->taken[i].size;
	if (!left)
		calls->used = 0;
	if (left > calls->used / 2 || !left || !(held = malloc(calls->room)))
		return;
	for (size_t i = 0; i < calls->count; i++) {
		memcpy(held + used, calls->held + calls->taken[i].at, calls->taken[i].size);
		calls->taken[i].at = used;
		used += calls->taken[i].size;
	}
	free(calls->held);
	calls->held = held;
	calls->used = used;
}

/* Write all that is before `end`, in order. */
static int write_calls(struct shared_calls *calls, uint64_t end)
{
	const struct acrn_trace_records block = {.pass = ++calls->pass};
	size_t count = 0;

	sort(calls);
	for (; count < calls->count && calls->taken[count].sequence < end; count++) {
		const struct taken *taken = &calls->taken[count];

		if (taken->sequence >= calls->next) {
			pass_over(calls, taken->sequence);
			calls->next = taken->sequence + 1;
		} else if (!is_late(&calls->late, taken->sequence)) {
			return BROKEN;
		}
		trace_call(&calls->writer, &block, calls->held + taken->at, taken->size);
	}
	forget(calls, count);
	pass_over(calls, end);
	trace_flush(&calls->writer);
	return calls->writer.failed;
}

static int drain_all(struct shared_calls *calls)
{
	int error = 0;

	for (uint32_t vcpu = 0; vcpu < calls->layout.vcpus && !error; vcpu++)
		error = drain(calls, vcpu);
	return error;
}

int shared_calls_pass(struct shared_calls *calls)
{
	uint64_t end = look_at_slots(calls), waited;
	int error = drain_all(calls);

	waited = waited_for(calls);
	return error ? error : write_calls(calls, waited < end ? waited : end);
}

uint64_t shared_calls_made(const struct shared_calls *calls)
{
	return __atomic_load_n(&calls->head->next, __ATOMIC_RELAXED);
}

uint32_t shared_calls_in_flight(const struct shared_calls *calls)
{
	return calls->flying.count;
}

/* Those in flight: what is in a slot that QEMU was still filling was never made. */
static int take_in_flight(struct shared_calls *calls)
{
	int error = 0;

	for (uint32_t vcpu = 0; vcpu < calls->layout.vcpus; vcpu++)
		for (uint32_t i = 0; i < SHARED_SLOTS && !error; i++) {
			const struct shared_slot *slot = slot_at(calls, vcpu, i);
			uint32_t size;

			if (slot->state != SLOT_IN_FLIGHT)
				continue;
			memcpy(&size, slot->record, sizeof(size));
			if (size < HYPERCALL_RECORD_SIZE || size % 8 ||
			    size > calls->layout.slot_bytes)
				return BROKEN;
			error = take(calls, slot->record, size, HYPERCALL_CALLED);
		}
	return error;
}

int shared_calls_end(struct shared_calls *calls, struct acrn_trace_end *end)
{
	int error = drain_all(calls);

	if (!error)
		error = take_in_flight(calls);
	calls->flying.count = 0;
	if (!error)
		error = write_calls(calls, shared_calls_made(calls));
	trace_end(&calls->writer);
	*end = (struct acrn_trace_end){calls->writer.records, calls->writer.lost};
	return error ? error : calls->writer.failed;
}
