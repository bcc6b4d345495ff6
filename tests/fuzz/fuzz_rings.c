/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest whose RAM is anything: the header, the page tables, the counters and the records. The
 * input is laid over a RAM in which there is a ring, and laid over it again while that is followed.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "follower.h"

#define PAGE  4096u
#define PAGES 12u

/* Pages: 0 the header, 1 to 4 page tables, 5 and on records. */
static unsigned char memory[PAGES * PAGE] __attribute__((aligned(PAGE)));
static struct trace_writer writer;

static void map(unsigned int table, unsigned int index, uint64_t entry)
{
	memcpy(memory + table * PAGE + index * 8, &entry, 8);
}

static void lay_out(void)
{
	struct acrn_ring_header header = {.magic = ACRN_RING_MAGIC,
					  .version = ACRN_RING_VERSION,
					  .header_size = 128,
					  .ring_size = 64,
					  .ring_count = 2,
					  .record_size = 192,
					  .record_count = 16,
					  .capture_offset = 64,
					  .capture_bytes = 24,
					  .cr3 = PAGE,
					  .header_virtual = PAGE * 511,
					  .records_virtual = 0x5000};

	memset(memory, 0, sizeof(memory));
	memcpy(memory, &header, sizeof(header));
	for (unsigned int level = 1; level < 4; level++)
		map(level, 0, (level + 1) * PAGE | 3);
	for (unsigned int page = 5; page < PAGES; page++)
		map(4, page, page * PAGE | 3);
	map(4, 511, 3);
}

/* Pieces of the input: a place, a size, and that many bytes. */
static void disturb(const unsigned char **data, size_t *left, unsigned int pieces)
{
	while (pieces-- && *left >= 3) {
		size_t place = ((*data)[0] | (*data)[1] << 8) % sizeof(memory),
		       size = (*data)[2] % 32u;

		*data += 3;
		*left -= 3;
		size = size > *left ? *left : size;
		size = size > sizeof(memory) - place ? sizeof(memory) - place : size;
		memcpy(memory + place, *data, size);
		*data += size;
		*left -= size;
	}
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct guest_ram ram = {.bytes = memory, .size = sizeof(memory), .file = -1, .ranges = 1};
	static struct ring_map rings;
	struct follower follower;
	int wait;

	ram.range[0] = (struct ram_range){0, sizeof(memory), 0};
	lay_out();
	if (size && data[0] & 1)
		disturb(&data, &size, 2);
	if (!ring_map(&rings, &ram, 0, &wait)) {
		writer = (struct trace_writer){.file = open("/dev/null", O_WRONLY)};
		if (!follower_begin(&follower, &rings, &writer, 1000000000,
				    ACRN_TRACE_CLOCK_GUEST)) {
			for (int pass = 0; pass < 3; pass++) {
				disturb(&data, &size, 6);
				follower_pass(&follower);
			}
			follower_end(&follower);
		}
		close(writer.file);
	}
	ring_unmap(&rings);
	return 0;
}
