/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RAM that is searched for rings, walked and followed as acrn-record does it, of a guest that the
 * input lays out and disturbs. What is no RAM is poisoned, RAM is read-only, and what the search
 * asks of the file and of the page tables is counted, so that a byte read outside, a byte written,
 * and a search that grows faster than the RAM end the process.
 */
#define _GNU_SOURCE /* memfd_create, SEEK_DATA */
#include <errno.h>
#include <sanitizer/asan_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "followed.h"
#include "page_walk.h"
#include "ring_search.h"

/* Its header, each page of that and the counters, and of records, which are in the file. */
#define WAYS_TO_A_HEADER (1 + 2 * MAX_NESTED_TABLES)
#define WALKS_OF_A_RING	 (RING_MAX_RINGS + FILE_PAGES + 4)

static struct guest_image image;
static struct guest_ram ram;
static unsigned int seeks_left, walks_left; /* of a search */

/* What the inputs came to; printed at the end, so that a test sees that all was reached. */
static struct {
	unsigned long inputs, accepted, above, scattered, by_address, refused, broken, records;
	unsigned long kept, failures;
} reached;

static void report(void)
{
	printf("inputs %lu accepted %lu above %lu scattered %lu by_address %lu refused %lu "
	       "broken %lu records %lu kept %lu failures %lu\n",
	       reached.inputs, reached.accepted, reached.above, reached.scattered,
	       reached.by_address, reached.refused, reached.broken, reached.records, reached.kept,
	       reached.failures);
}

/* The file's holes are what the input says, down to 512 bytes: some file systems have such. */
off_t __wrap_lseek(int file, off_t at, int whence);
off_t __wrap_lseek(int file, off_t at, int whence)
{
	if (seeks_left-- == 0)
		abort();
	if (file != ram.file || at < 0 || at >= (off_t)FILE_SIZE) {
		errno = ENXIO;
		return -1;
	}
	for (; at < (off_t)FILE_SIZE && image.hole[at / 512] == (whence == SEEK_DATA);)
		at = at / 512 * 512 + 512;
	if (at < (off_t)FILE_SIZE || whence == SEEK_HOLE)
		return at;
	errno = ENXIO;
	return -1;
}

uint64_t __real_page_walk(const struct guest_ram *memory, const struct paging *paging,
			  uint64_t address);
uint64_t __wrap_page_walk(const struct guest_ram *memory, const struct paging *paging,
			  uint64_t address);
uint64_t __wrap_page_walk(const struct guest_ram *memory, const struct paging *paging,
			  uint64_t address)
{
	if (walks_left-- == 0)
		abort();
	return __real_page_walk(memory, paging, address);
}

static void set_up(void)
{
	char path[64];
	int file = memfd_create("ram", MFD_CLOEXEC);

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	if (file < 0 || ftruncate(file, FILE_SIZE) || ram_open(&ram, path))
		abort();
	image.file = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (image.file == MAP_FAILED)
		abort();
	atexit(report);
}

/* All of it, or without its last bytes. */
static void add_zone(unsigned int zone, uint64_t missing)
{
	struct ram_range range = {image.address[zone], ZONE_PAGES * PAGE - missing,
				  place_of(zone, 0)};

	if (ram_add_range(&ram, range))
		abort();
}

/* In bytes; it may end anywhere in any page. */
static uint64_t part_of_zone(struct input *input)
{
	uint64_t pages = next_byte(input) % ZONE_PAGES;

	return pages * PAGE + next_byte(input) * (PAGE / 256);
}

/* Mostly the zones, either first; or one, or a part, and ranges that are anything. */
static void choose_ranges(struct input *input)
{
	unsigned int what = next_byte(input);

	ram.ranges = 0;
	if ((what & 7) != 7)
		add_zone(what & 1, what & 8 ? part_of_zone(input) : 0);
	if ((what & 7) < 5)
		add_zone(~what & 1, what & 8 ? part_of_zone(input) : 0);
	for (unsigned int more = what & 16 ? what >> 5 : 0; more; more--) {
		struct ram_range range = {.address = choose_number(&image, input)};

		range.size = choose_number(&image, input);
		range.offset = choose_number(&image, input);
		ram_add_range(&ram, range);
	}
}

/* The pages of all ranges. */
static unsigned int poison_the_rest(void)
{
	unsigned int pages = 0;

	ASAN_POISON_MEMORY_REGION(ram.bytes, FILE_SIZE);
	for (unsigned int i = 0; i < ram.ranges; i++) {
		ASAN_UNPOISON_MEMORY_REGION(ram.bytes + ram.range[i].offset, ram.range[i].size);
		pages += (unsigned int)((ram.range[i].size + PAGE - 1) / PAGE);
	}
	return pages;
}

static void meanwhile(void *input)
{
	go_on(&image, input);
}

/* Of the rings that are mapped, memory as a debugger reads it. */
struct debugger {
	struct ring_map *map;
	struct input *input;
};

/* Now and then it cannot be read, or not to its end, or has changed since the last time. */
static int read_badly(void *context, uint64_t address, void *to, uint32_t size)
{
	struct debugger *debugger = context;
	unsigned int what = next_byte(debugger->input) & 15;

	if (what == 1)
		go_on(&image, debugger->input);
	reached.failures += what == 2 || what == 3;
	if (what == 2)
		return 0;
	return debugger->map->rings.read(debugger->map, address, to,
					 what == 3 ? size / 16 * 8 : size) &&
	       what != 3;
}

/* As GDB has it: followed from stop to stop, and as it is at rest. */
static void debug(struct ring_map *map, struct input *input)
{
	struct debugger debugger = {map, input};
	struct rings rings = map->rings;

	rings.read = read_badly;
	rings.context = &debugger;
	rings.runs = next_byte(input) & 1;
	reached.kept += read_contents(&rings, next_byte(input) & 1);
	follow_rings(&rings, 2, meanwhile, input);
}

static int is_scattered(const struct ring_object *object)
{
	return object->address % PAGE + object->bytes > PAGE &&
	       object->pages[1] != object->pages[0] + PAGE;
}

/* What was mapped, or why not. */
static void follow(struct ring_map *map, const char *why, int wait, struct input *input)
{
	if (why) {
		reached.refused++;
		reached.broken += !wait;
		return; /* without unmapping: nothing may be left of it */
	}
	check_map(map, &ram);
	reached.above += map->header.pages[0] > ram.bytes + place_of(1, 0);
	reached.scattered += is_scattered(&map->records);
	reached.records += follow_rings(&map->rings, 2, meanwhile, input);
	debug(map, input);
	reached.records += follow_rings(&map->rings, 2, meanwhile, input);
	ring_unmap(map);
}

static unsigned int pieces_of_data(void)
{
	unsigned int pieces = !image.hole[0];

	for (size_t i = 1; i < sizeof(image.hole); i++)
		pieces += image.hole[i - 1] && !image.hole[i];
	return pieces;
}

/* What is between holes is asked for once, and once more where it begins amid a page, and only so
 * many rings are walked. */
static void search(unsigned int pages, struct input *input)
{
	static struct ring_map map;
	const char *why;
	int wait;

	seeks_left = 8 * ram.ranges * (pieces_of_data() + 1);
	walks_left = pages * WAYS_TO_A_HEADER + (RING_MAX_BROKEN + 1) * WALKS_OF_A_RING;
	why = ring_search(&map, &ram, &wait);
	reached.accepted += !why;
	follow(&map, why, wait, input);
}

static void map_one(struct input *input)
{
	static struct ring_map map;
	unsigned int what = next_byte(input);
	uint64_t address = image.address[~what & 1] + HEADER * PAGE;
	const char *why;
	int wait;

	if (what & 4)
		address = choose_number(&image, input);
	seeks_left = 4 * ram.ranges * (pieces_of_data() + 1);
	walks_left = WAYS_TO_A_HEADER + WALKS_OF_A_RING;
	why = ring_at(&map, &ram, address, &wait);
	reached.by_address += !why;
	follow(&map, why, wait, input);
}

/* A page that says that a nested page table is anywhere; the guest's own may be one, and loop. */
static void name_nested_table(struct input *input)
{
	unsigned char *page =
		image.file + place_of(next_byte(input) & 1, next_byte(input) % ZONE_PAGES);
	const uint64_t word[] = {1, 1, 1, 0x1000}, at[] = {0x10, 0x58, 0x90, 0x4d0};
	uint64_t ncr3 = choose_number(&image, input) & ~(uint64_t)(PAGE - 1);

	for (unsigned int i = 0; i < 4; i++)
		memcpy(page + at[i], &word[i], 8);
	memcpy(page + 0xb0, &ncr3, 8);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct input input = {data, size};
	unsigned int pages;

	if (!image.file)
		set_up();
	reached.inputs++;
	lay_out(&image, &input);
	choose_ranges(&input);
	for (unsigned int tables = next_byte(&input) & 3; tables; tables--)
		name_nested_table(&input);
	pages = poison_the_rest();
	go_on(&image, &input);
	search(pages, &input);
	map_one(&input);
	return 0;
}
