/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that makes calls, and whose RAM is anything: the header, the page tables, the counters
 * and the records. The input says what calls it makes while its rings are followed, and what it
 * writes where it should not.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "follower.h"
#include "input.h"
#include "ring_map.h"

#define PAGE  4096u
#define PAGES 12u

#define RINGS	    2u
#define RECORDS	    16u
#define RECORD_SIZE 192u
#define RECORDS_AT  (5 * PAGE)

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
					  .header_size = sizeof(header),
					  .ring_size = sizeof(struct acrn_ring),
					  .ring_count = RINGS,
					  .record_size = RECORD_SIZE,
					  .record_count = RECORDS,
					  .capture_offset = 64,
					  .capture_bytes = 24,
					  .cr3 = PAGE,
					  .header_virtual = PAGE * 511,
					  .records_virtual = RECORDS_AT};

	memset(memory, 0, sizeof(memory));
	memcpy(memory, &header, sizeof(header));
	for (unsigned int level = 1; level < 4; level++)
		map(level, 0, (level + 1) * PAGE | 3);
	for (unsigned int page = RECORDS_AT / PAGE; page < PAGES; page++)
		map(4, page, page * PAGE | 3);
	map(4, 511, 3);
}

/* What a byte of the input chooses from, to be written to. */
static const struct {
	unsigned int start, size; /* bytes of the RAM */
} places[] = {
	{0, sizeof(struct acrn_ring_header)},
	{sizeof(struct acrn_ring_header), RINGS * sizeof(struct acrn_ring)},
	{PAGE, 64},
	{2 * PAGE, 64},
	{3 * PAGE, 64},
	{4 * PAGE, 128},
	{5 * PAGE - 64, 64},
	{RECORDS_AT, RINGS *RECORDS *RECORD_SIZE},
};

/* One that is as it should be, in the state that the input says. */
static void call(struct input *input)
{
	unsigned int what = next_byte(input), at = what & 1;
	struct acrn_ring ring;
	struct acrn_record record = {.number = 0x80000012, .tsc_entry = what, .tsc_return = 300};
	unsigned char *counters = memory + sizeof(struct acrn_ring_header) + at * sizeof(ring);

	memcpy(&ring, counters, sizeof(ring));
	record.word = ring.claimed << ACRN_WORD_SEQUENCE_SHIFT | (what >> 1 & 7);
	at = at * RECORDS + (unsigned int)(ring.claimed % RECORDS);
	memcpy(memory + RECORDS_AT + at * RECORD_SIZE, &record, sizeof(record));
	ring.claimed++;
	memcpy(counters, &ring, sizeof(ring));
}

/* A place, a size, and that many bytes. */
static void disturb(struct input *input)
{
	unsigned int place = next_byte(input) % (sizeof(places) / sizeof(*places));
	unsigned int at = (next_byte(input) | next_byte(input) << 8) % places[place].size;
	unsigned int size = next_byte(input) % 16;

	for (at += places[place].start; size && at < sizeof(memory); size--)
		memory[at++] = (unsigned char)next_byte(input);
}

/* Up to seven calls or disturbances. */
static void go_on(struct input *input)
{
	for (unsigned int count = next_byte(input) & 7; count && input->left; count--) {
		unsigned int what = next_byte(input);

		if (what & 1)
			disturb(input);
		for (unsigned int calls = what >> 1 & 31; calls && input->left; calls--)
			call(input);
	}
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct guest_ram ram = {.bytes = memory, .size = sizeof(memory), .file = -1, .ranges = 1};
	static const struct nested_tables none;
	static struct ring_map rings;
	struct follower follower;
	struct input input = {data, size};
	int wait;

	ram.range[0] = (struct ram_range){0, sizeof(memory), 0};
	lay_out();
	go_on(&input);
	if (!ring_map(&rings, &ram, &none, 0, &wait)) {
		writer = (struct trace_writer){.file = open("/dev/null", O_WRONLY)};
		if (!follower_begin(&follower, &rings.rings, &writer, 1000000000,
				    ACRN_TRACE_CLOCK_GUEST)) {
			for (int pass = 0; pass < 4; pass++) {
				follower_pass(&follower);
				go_on(&input);
			}
			follower_end(&follower);
			follower_free(&follower);
			trace_end(&writer);
		}
		close(writer.file);
	}
	ring_unmap(&rings);
	return 0;
}
