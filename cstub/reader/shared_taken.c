/* SPDX-License-Identifier: BSD-3-Clause */
/* Takes calls out of the QEMU plugin's memory. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared_taken.h"

#define FIRST_ROOM (1u << 20) /* bytes; grows with what is held */

int taken_open(struct shared_taken *calls, const char *path)
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

void taken_close(struct shared_taken *calls)
{
	munmap(calls->head, calls->size);
	free(calls->bytes);
	free(calls->taken);
}

/* Where things are, by the layout as it was when it was looked at. */
static uint8_t *vcpu_at(const struct shared_taken *calls, uint32_t vcpu)
{
	return (uint8_t *)calls->head + shared_vcpus_at(&calls->layout) +
	       vcpu * shared_vcpu_size(&calls->layout);
}

static struct shared_slot *slot_at(const struct shared_taken *calls, uint32_t vcpu, uint32_t slot)
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

static int make_room(struct shared_taken *calls, uint32_t size)
{
	if (calls->used + size > calls->room) {
		void *bytes = grown(calls->bytes, &calls->room, calls->used + size, FIRST_ROOM, 1);

		if (!bytes)
			return ENOMEM;
		calls->bytes = bytes;
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
static int take(struct shared_taken *calls, const uint8_t *bytes, uint32_t size)
{
	struct hypercall_record record;
	int error = make_room(calls, size);

	if (error)
		return error;
	memcpy(calls->bytes + calls->used, bytes, size);
	memcpy(&record, calls->bytes + calls->used, sizeof(record));
	if (record.size != size)
		return SHARED_BROKEN;
	record.ring = 0;
	memcpy(calls->bytes + calls->used, &record, sizeof(record));
	calls->taken[calls->count++] = (struct taken){record.sequence, calls->used, size};
	calls->used += size;
	return 0;
}

static int drain(struct shared_taken *calls, uint32_t vcpu)
{
	struct shared_writer *writer = (struct shared_writer *)vcpu_at(calls, vcpu);
	const uint8_t *ring = (const uint8_t *)slot_at(calls, vcpu, SHARED_SLOTS);
	uint64_t head = __atomic_load_n(&writer->head, __ATOMIC_ACQUIRE), tail = writer->tail;
	const uint32_t bytes = calls->layout.ring_bytes;
	int error = head - tail > bytes ? SHARED_BROKEN : 0;

	while (!error && tail != head) {
		uint64_t at = tail & (bytes - 1);
		uint32_t size;

		memcpy(&size, ring + at, sizeof(size));
		if (!size) {
			tail += bytes - at;
			error = head - tail > bytes ? SHARED_BROKEN : 0;
			continue;
		}
		if (size < HYPERCALL_RECORD_SIZE || size % 8 || size > bytes - at ||
		    size > head - tail)
			return SHARED_BROKEN;
		error = take(calls, ring + at, size);
		tail += size;
	}
	__atomic_store_n(&writer->tail, tail, __ATOMIC_RELEASE);
	return error;
}

static int by_flight(const void *one, const void *other)
{
	uint64_t a = ((const struct flying *)one)->sequence;
	uint64_t b = ((const struct flying *)other)->sequence;

	return a < b ? -1 : a > b;
}

uint64_t taken_look(struct shared_taken *calls)
{
	uint64_t least = __atomic_load_n(&calls->head->next, __ATOMIC_SEQ_CST);

	calls->in_flight = 0;
	for (uint32_t vcpu = 0; vcpu < calls->layout.vcpus; vcpu++)
		for (uint32_t i = 0; i < SHARED_SLOTS; i++) {
			struct shared_slot *slot = slot_at(calls, vcpu, i);
			uint32_t state = __atomic_load_n(&slot->state, __ATOMIC_SEQ_CST);
			uint64_t floor = slot->floor;

			if (state == SLOT_IN_FLIGHT)
				calls->flying[calls->in_flight++] = (struct flying){floor, vcpu, i};
			else if (state == SLOT_ENTERING && floor < least)
				least = floor;
		}
	qsort(calls->flying, calls->in_flight, sizeof(*calls->flying), by_flight);
	return least;
}

/* Their bytes go where most are not needed any more. */
void taken_forget(struct shared_taken *calls, size_t count)
{
	size_t used = 0, left = 0;
	unsigned char *bytes;

	calls->count -= count;
	memmove(calls->taken, calls->taken + count, calls->count * sizeof(*calls->taken));
	for (size_t i = 0; i < calls->count; i++)
		left += calls->taken[i].size;
	if (!left)
		calls->used = 0;
	if (left > calls->used / 2 || !left || !(bytes = malloc(calls->room)))
		return;
	for (size_t i = 0; i < calls->count; i++) {
		memcpy(bytes + used, calls->bytes + calls->taken[i].at, calls->taken[i].size);
		calls->taken[i].at = used;
		used += calls->taken[i].size;
	}
	free(calls->bytes);
	calls->bytes = bytes;
	calls->used = used;
}

int taken_drain(struct shared_taken *calls)
{
	int error = 0;

	for (uint32_t vcpu = 0; vcpu < calls->layout.vcpus && !error; vcpu++)
		error = drain(calls, vcpu);
	return error;
}

/* What is in a slot that QEMU was still filling was never made. */
int taken_abandoned(struct shared_taken *calls)
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
				return SHARED_BROKEN;
			error = take(calls, slot->record, size);
		}
	return error;
}

uint32_t taken_in_flight(const struct shared_taken *calls, const struct flying *flying,
			 uint8_t record[HYPERCALL_RECORD_MOST])
{
	const struct shared_slot *slot = slot_at(calls, flying->vcpu, flying->slot);
	struct hypercall_record *copy = (struct hypercall_record *)record;
	uint32_t size;

	memcpy(&size, slot->record, sizeof(size));
	if (size < HYPERCALL_RECORD_SIZE || size % 8 || size > calls->layout.slot_bytes)
		return 0;
	memcpy(record, slot->record, size);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&slot->state, __ATOMIC_SEQ_CST) != SLOT_IN_FLIGHT ||
	    slot->floor != flying->sequence || copy->sequence != flying->sequence ||
	    copy->state != HYPERCALL_CALLED)
		return 0;
	copy->size = size;
	copy->ring = 0;
	return size;
}

static int by_sequence(const void *one, const void *other)
{
	uint64_t a = ((const struct taken *)one)->sequence;
	uint64_t b = ((const struct taken *)other)->sequence;

	return a < b ? -1 : a > b;
}

void taken_sort(struct shared_taken *calls)
{
	for (size_t i = 1; i < calls->count; i++)
		if (calls->taken[i].sequence < calls->taken[i - 1].sequence) {
			qsort(calls->taken, calls->count, sizeof(*calls->taken), by_sequence);
			return;
		}
}
