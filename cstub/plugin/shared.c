/* SPDX-License-Identifier: BSD-3-Clause */
/* Opens the shared file, and puts records into its rings. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "plugin.h"

#define WAIT_NS 20000 /* for a reader that is behind */

struct shared_head *shared_open(const char *path)
{
	int file = open(path, O_RDWR | O_CLOEXEC);
	struct stat status;
	void *mapped = MAP_FAILED;

	if (file < 0)
		return NULL;
	if (!fstat(file, &status) && (size_t)status.st_size >= sizeof(struct shared_head))
		mapped = mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED,
			      file, 0);
	close(file);
	if (mapped == MAP_FAILED)
		return NULL;
	if (shared_is_right(mapped, (uint64_t)status.st_size))
		return mapped;
	munmap(mapped, (size_t)status.st_size);
	return NULL;
}

/* Whether there is room for `size` bytes at `head`, if need be when the reader has made some. */
static int make_room(const struct shared_head *shared, struct shared_writer *writer, uint64_t head,
		     uint64_t size)
{
	const struct timespec wait = {0, WAIT_NS};

	while (head + size - __atomic_load_n(&writer->tail, __ATOMIC_ACQUIRE) >
	       shared->ring_bytes) {
		if (shared->flags & SHARED_DROPS)
			return 0;
		nanosleep(&wait, NULL);
	}
	return 1;
}

static void put(struct shared_head *shared, unsigned int vcpu, const uint8_t *record, uint32_t size)
{
	struct shared_writer *writer = shared_writer(shared, vcpu);
	uint8_t *ring = shared_ring(shared, vcpu);
	uint64_t head = writer->head, at = head & (shared->ring_bytes - 1);
	uint64_t skipped = at + size > shared->ring_bytes ? shared->ring_bytes - at : 0;

	if (!make_room(shared, writer, head, skipped + size))
		return;
	if (skipped)
		memset(ring + at, 0, sizeof(uint32_t));
	memcpy(ring + (skipped ? 0 : at), record, size);
	__atomic_store_n(&writer->head, head + skipped + size, __ATOMIC_RELEASE);
}

void shared_put(struct shared_head *shared, unsigned int vcpu, struct shared_slot *slot)
{
	const struct hypercall_record *record = (const void *)slot->record;

	put(shared, vcpu, slot->record, record->size);
	__atomic_store_n(&slot->state, SLOT_FREE, __ATOMIC_RELEASE);
}

uint32_t shared_abi_at(const struct shared_head *shared, uint64_t site)
{
	const struct shared_site *sites = (const struct shared_site *)(shared + 1);
	uint32_t low = 0, high = shared->sites;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (sites[middle].address < site)
			low = middle + 1;
		else
			high = middle;
	}
	return low < shared->sites && sites[low].address == site ? sites[low].abi : shared->abi;
}
