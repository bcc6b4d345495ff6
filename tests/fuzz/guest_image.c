/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "guest_image.h"

#define VIRTUAL	     0xffffffff80000000ull /* of a zone's first page; 1 GiB aligned */
#define PRESENT	     3u
#define LARGE	     0x80u
#define PAT	     0x1000u /* of a large entry: no part of its address */
#define TABLES	     1u	     /* the pages of a zone: four tables, the header, the records */
#define RECORDS	     12u
#define RECORD_PAGES (ZONE_PAGES - RECORDS)

/* Rings that fit behind the header and into a zone's pages of records. */
static const struct {
	uint32_t rings, size, count, header_size, ring_size;
} layouts[] = {
	{2, 192, 16, 128, 64}, {1, 64, 16, 128, 64},   {4, 64, 64, 256, 128}, {3, 4096, 2, 128, 64},
	{1, 64, 1, 128, 4096}, {6, 128, 8, 4096, 512}, {256, 64, 1, 128, 64}, {1, 320, 64, 136, 72},
};

/* How much one entry of the tables above maps: a page, 2 MiB or 1 GiB. */
enum mapping { BY_PAGES, BY_2_MIB, BY_1_GIB, MAPPINGS };

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

size_t place_of(unsigned int zone, unsigned int page)
{
	return ((size_t)zone * ZONE_PAGES + (zone + 1) * GAP_PAGES + page) * PAGE;
}

static uint64_t address_of(const struct guest_image *image, unsigned int zone, unsigned int page)
{
	return image->address[zone] + (uint64_t)page * PAGE;
}

static void set_entry(struct guest_image *image, unsigned int zone, unsigned int level,
		      unsigned int index, uint64_t entry)
{
	memcpy(image->file + place_of(zone, TABLES + level) + index * 8, &entry, 8);
}

/* Which page of the zone has page `n` of the records; no two are the same. */
static unsigned int record_page(uint64_t scatter, unsigned int n)
{
	static const unsigned int steps[] = {1, 3, 7, 19}; /* and RECORD_PAGES: no factors */

	return RECORDS + n * steps[scatter % COUNT(steps)] % RECORD_PAGES;
}

static void map_zone(struct guest_image *image, unsigned int zone, enum mapping mapping)
{
	static const unsigned int entries[] = {511, 510, 0};

	for (unsigned int level = 0; level < 3; level++)
		set_entry(image, zone, level, entries[level],
			  address_of(image, zone, TABLES + level + 1) | PRESENT);
	for (unsigned int page = 0; page < ZONE_PAGES; page++) {
		unsigned int to =
			page < RECORDS ? page : record_page(image->scatter[zone], page - RECORDS);

		set_entry(image, zone, 3, page, address_of(image, zone, to) | PRESENT);
	}
	if (mapping != BY_PAGES)
		set_entry(image, zone, 3 - mapping, entries[3 - mapping],
			  address_of(image, zone, 0) | PRESENT | LARGE | PAT);
}

static void lay_out_zone(struct guest_image *image, unsigned int zone, struct input *input)
{
	unsigned int how = next_byte(input), layout = next_byte(input) % COUNT(layouts);
	enum mapping mapping = (how & 3) % MAPPINGS;
	struct acrn_ring_header *header = &image->header[zone];

	image->scatter[zone] = mapping == BY_PAGES ? how >> 2 & 3 : 0;
	*header = (struct acrn_ring_header){
		.magic = ACRN_RING_MAGIC,
		.version = ACRN_RING_VERSION,
		.header_size = layouts[layout].header_size,
		.ring_size = layouts[layout].ring_size,
		.ring_count = layouts[layout].rings,
		.record_size = layouts[layout].size,
		.record_count = layouts[layout].count,
		.mode = how >> 4 & 1,
		.cr3 = address_of(image, zone, TABLES),
		.header_virtual = VIRTUAL + HEADER * PAGE,
		.records_virtual = VIRTUAL + RECORDS * PAGE + (how >> 5) * 64,
	};
	map_zone(image, zone, mapping);
	memcpy(image->file + place_of(zone, HEADER), header, sizeof(*header));
}

void lay_out(struct guest_image *image, struct input *input)
{
	memset(image->file, 0, FILE_SIZE);
	memset(image->hole, 0, sizeof(image->hole));
	image->address[0] = 0;
	image->address[1] = 4ull << 30;
	for (unsigned int zone = 0; zone < ZONES; zone++)
		lay_out_zone(image, zone, input);
}

/* Where the header says that a ring's counters and its slots are, if they were not moved since. */
static unsigned char *counters_of(struct guest_image *image, unsigned int zone, unsigned int ring)
{
	const struct acrn_ring_header *header = &image->header[zone];

	return image->file + place_of(zone, HEADER) + header->header_size +
	       (size_t)ring * header->ring_size;
}

static unsigned char *slot_of(struct guest_image *image, unsigned int zone, uint64_t slot)
{
	const struct acrn_ring_header *header = &image->header[zone];
	uint64_t at = header->records_virtual % PAGE + slot * header->record_size;

	return image->file +
	       place_of(zone, record_page(image->scatter[zone], (unsigned int)(at / PAGE))) +
	       at % PAGE;
}

/* One that is as it should be, in the state that the input says. */
static void call(struct guest_image *image, struct input *input)
{
	unsigned int what = next_byte(input), zone = what >> 7;
	const struct acrn_ring_header *header = &image->header[zone];
	unsigned int at = (what >> 3 & 15) % header->ring_count;
	struct acrn_record record = {.number = 0x80000012, .tsc_entry = what, .tsc_return = 300};
	struct acrn_ring ring;

	memcpy(&ring, counters_of(image, zone, at), sizeof(ring));
	record.word = ring.claimed << ACRN_WORD_SEQUENCE_SHIFT | (what + 4) % 8;
	memcpy(slot_of(image, zone,
		       (uint64_t)at * header->record_count + ring.claimed % header->record_count),
	       &record, sizeof(record));
	ring.claimed++;
	memcpy(counters_of(image, zone, at), &ring, sizeof(ring));
}

uint64_t choose_number(const struct guest_image *image, struct input *input)
{
	static const uint64_t edges[] = {
		0,
		1,
		8,
		63,
		64,
		65,
		127,
		128,
		256,
		257,
		4088,
		4095,
		4096,
		4160,
		0xfff8,
		0xffff,
		1u << 24,
		1u << 25,
		1u << 30,
		1u << 31,
		0xffffffc0,
		0xffffffff,
		1ull << 47,
		1ull << 63,
		UINT64_MAX,
		UINT64_MAX - 7,
		VIRTUAL,
		VIRTUAL + HEADER * PAGE + 8,
		VIRTUAL + 512 * PAGE,
	};
	unsigned int what = next_byte(input);

	if (what < 128)
		return edges[what % COUNT(edges)];
	if (what < 160)
		return next_number(input, 1 + what % 8);
	return address_of(image, what >> 5 & 1, what & 31) + (what >> 6) * 8 - 16;
}

static uint64_t choose_entry(const struct guest_image *image, struct input *input)
{
	unsigned int what = next_byte(input), zone = what >> 5 & 1, page = what & 31;

	switch (what >> 6) {
	case 0: /* a page, perhaps a table, perhaps this one */
		return address_of(image, zone, page) | PRESENT;
	case 1: /* the same, but large: most of it is outside */
		return (address_of(image, zone, page) & ~(uint64_t)0x1fffff) | PRESENT | LARGE;
	case 2: /* near the ends of what is RAM */
		return (address_of(image, zone, ZONE_PAGES) + (uint64_t)page * PAGE - 4 * PAGE) |
		       PRESENT | 1ull << 63;
	default:
		return next_number(input, 8);
	}
}

/* One entry, or all of a table: a tree of them that is one page. */
static void change_table(struct guest_image *image, struct input *input)
{
	static const unsigned int used[] = {0, 5, 6, 11, 12, 13, 31, 510, 511};
	unsigned int what = next_byte(input), index = next_byte(input);
	unsigned int zone = what & 1, level = what >> 1 & 3;
	uint64_t entry = choose_entry(image, input);

	if (what >> 3 & 1) {
		for (index = 0; index < 512; index++)
			set_entry(image, zone, level, index, entry);
		return;
	}
	index = index < 64 ? used[index % COUNT(used)] : index * 2;
	set_entry(image, zone, level, index, entry);
}

/* Of 8 bytes where nothing else is said; where in the page, and how wide. */
static void change_header(struct guest_image *image, struct input *input)
{
	unsigned int what = next_byte(input), zone = what & 1, page = what >> 1 & 31;
	unsigned int at = next_byte(input) % (sizeof(struct acrn_ring_header) / 2) * 2;
	unsigned int width = at < 8 || at >= 56 ? 8 : at < 48 ? 4 : 2;
	uint64_t value = choose_number(image, input);

	memcpy(image->file + place_of(zone, what & 64 ? page : HEADER) + at / width * width, &value,
	       width);
}

/* Records in numbers, by entries that all lead to the same page. */
static void magnify(struct guest_image *image, struct input *input)
{
	unsigned int what = next_byte(input), zone = what & 1;
	uint64_t entry = address_of(image, zone, what >> 1 & 31) | PRESENT;
	uint32_t count = 1u << next_byte(input) % 25;

	for (unsigned int index = RECORDS; index < 512; index++)
		set_entry(image, zone, 3, index, entry);
	memcpy(image->file + place_of(zone, HEADER) +
		       offsetof(struct acrn_ring_header, record_count),
	       &count, sizeof(count));
}

static void change_counters(struct guest_image *image, struct input *input)
{
	unsigned int what = next_byte(input), zone = what & 1;
	unsigned int ring = (what >> 3) % image->header[zone].ring_count;
	uint64_t value = choose_number(image, input);

	memcpy(counters_of(image, zone, ring) + (what >> 1 & 3) * 8, &value, sizeof(value));
}

/* A page like another: headers, tables, or what has them. */
static void copy_page(struct guest_image *image, struct input *input)
{
	unsigned int from = next_byte(input), to = next_byte(input);

	memmove(image->file + place_of(to & 1, to >> 1 & 31),
		image->file + place_of(from & 1, from & 128 ? from >> 1 & 31 : HEADER), PAGE);
}

static void write_bytes(struct guest_image *image, struct input *input)
{
	unsigned int at = (unsigned int)next_number(input, 3) % (FILE_SIZE - 16);

	for (unsigned int size = next_byte(input) % 16; size; size--)
		image->file[at++] = (unsigned char)next_byte(input);
}

static void make_holes(struct guest_image *image, struct input *input)
{
	unsigned int at = (unsigned int)next_number(input, 2) % sizeof(image->hole);
	unsigned int size = next_byte(input), is_hole = ~next_byte(input) & 1;

	for (; size && at < sizeof(image->hole); size--)
		image->hole[at++] = (unsigned char)is_hole;
}

static void (*const deeds[])(struct guest_image *, struct input *) = {
	call,	   change_table, change_header, change_counters,
	copy_page, write_bytes,	 make_holes,	magnify,
};

void go_on(struct guest_image *image, struct input *input)
{
	for (unsigned int count = next_byte(input) & 7; count && input->left; count--) {
		unsigned int what = next_byte(input);

		deeds[what % COUNT(deeds)](image, input);
		for (unsigned int calls = what >> 5; calls && input->left; calls--)
			call(image, input);
	}
}
