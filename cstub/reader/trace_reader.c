/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads a trace file to its records: a function takes each kind of block. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "checksum.h"
#include "ring_header.h"
#include "trace_pass.h"
#include "trace_reader.h"

#define HZ_LEAST 10000000u
#define HZ_MOST	 100000000000u

enum stage { NO_BLOCK, WHOLE_BLOCK, OVER };

struct trace_reader {
	struct trace_blocks blocks;
	struct trace_damage damage;
	enum stage stage;
	int is_ended, is_live;
	int has_header, has_table;
	uint32_t version, table_check, known_table;
	struct trace_sites sites;
	struct trace_losses losses;
	struct ring_layout layout;
	uint32_t rings, writers; /* of the last RINGS, WRITERS; 0: there was none */
	uint64_t hz;
	struct trace_pass pass;
	uint64_t records;
	uint8_t *table; /* the TABLE block that was handed out */
};

struct trace_reader *trace_reader_new(uint32_t known_table)
{
	struct trace_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return NULL;
	reader->hz = TRACE_UNKNOWN_HZ;
	reader->known_table = known_table;
	return reader;
}

void trace_reader_free(struct trace_reader *reader)
{
	if (!reader)
		return;
	pass_end(&reader->pass);
	sites_free(&reader->sites);
	free(reader->blocks.payload);
	free(reader->table);
	free(reader);
}

void trace_reader_push(struct trace_reader *reader, const void *bytes, size_t size)
{
	reader->blocks.at = bytes;
	reader->blocks.end = reader->blocks.at + size;
}

void trace_reader_live(struct trace_reader *reader)
{
	reader->is_live = 1;
}

void trace_reader_refuse(struct trace_reader *reader, uint64_t offset, const char *what)
{
	if (!reader->damage.what[0])
		damage_set(&reader->damage, offset, "%s", what);
	reader->stage = OVER;
}

void trace_reader_end(struct trace_reader *reader, const char *why)
{
	if (why)
		trace_reader_refuse(reader, reader->blocks.offset, why);
	reader->is_ended = 1;
}

/* The block under way is wrong: half a sentence says in what. */
#define WRONG(reader, ...) damage_set(&(reader)->damage, (reader)->blocks.offset, __VA_ARGS__)

static int has_layout(const uint8_t *payload, uint32_t size, const char *layout)
{
	uint32_t start = load16(payload + 2);

	return start <= size && size - start == strlen(layout) &&
	       !memcmp(payload + start, layout, size - start);
}

static void take_header(struct trace_reader *reader, const uint8_t *payload, uint32_t size)
{
	if (reader->has_header || size < sizeof(struct acrn_trace_header)) {
		WRONG(reader, "a header that cannot be right");
		return;
	}
	reader->version = load16(payload);
	if (reader->version != ACRN_TRACE_VERSION && reader->version != ACRN_TRACE_VERSION_2)
		WRONG(reader, "its version is %" PRIu32 ", and this reader knows %d and %d",
		      reader->version, ACRN_TRACE_VERSION, ACRN_TRACE_VERSION_2);
	else if (!has_layout(payload, size,
			     reader->version == ACRN_TRACE_VERSION ? ACRN_TRACE_LAYOUT
								   : ACRN_TRACE_LAYOUT_2))
		WRONG(reader, "its records are laid out in a way unknown here");
	reader->has_header = 1;
	reader->table_check = load32(payload + 4);
}

static void take_table(struct trace_reader *reader, const uint8_t *payload, uint32_t size)
{
	if (reader->has_table)
		WRONG(reader, "a second call table");
	else if (checksum(0, payload, size) != reader->table_check)
		WRONG(reader, "the call table is not the one that the header names");
	else if (reader->table_check != reader->known_table)
		reader->table = block_take(&reader->blocks);
	reader->has_table = 1;
}

static void take_sites(struct trace_reader *reader, const uint8_t *payload, uint32_t size)
{
	if (sites_add(&reader->sites, payload, size))
		WRONG(reader, "a list of sites that is none");
}

/* The clock of what follows; whether it can be one. */
static int take_clock(struct trace_reader *reader, uint64_t hz, uint32_t clock)
{
	if (hz && (hz < HZ_LEAST || hz > HZ_MOST)) {
		WRONG(reader, "a time-stamp counter of %" PRIu64 " ticks a second", hz);
		return 0;
	}
	if (!hz && clock != ACRN_TRACE_CLOCK_NONE)
		reader->losses.has_unknown_clock = 1;
	reader->hz = hz ? hz : TRACE_UNKNOWN_HZ;
	return 1;
}

static void take_rings(struct trace_reader *reader, const uint8_t *payload, uint32_t size)
{
	struct acrn_ring_header header;
	char text[RING_FAULT_SIZE];
	const char *fault;

	if (size != sizeof(struct acrn_trace_rings)) {
		WRONG(reader, "a description of rings that cannot be right");
		return;
	}
	memcpy(&header, payload + offsetof(struct acrn_trace_rings, header), sizeof(header));
	fault = ring_header_fault(&header, text);
	if (fault)
		WRONG(reader, "a description of rings that cannot be right: %s", fault);
	else if (take_clock(reader, load64(payload), 0)) {
		reader->rings = header.ring_count;
		reader->layout = (struct ring_layout){header.header_virtual, header.record_size,
						      header.capture_offset, header.capture_bytes,
						      header.changed_offset, header.changed_slots};
	}
}

static void take_writers(struct trace_reader *reader, const uint8_t *payload, uint32_t size)
{
	uint32_t rings = size == sizeof(struct acrn_trace_writers) ? load32(payload + 12) : 0;

	if (rings < 1 || rings > RING_MAX_RINGS)
		WRONG(reader, "a description of rings that cannot be right");
	else if (take_clock(reader, load64(payload), load32(payload + 8)))
		reader->writers = rings;
}

/* How many records of version 2 there are, back to back, all of one ring; 0 if that is not so. */
static uint64_t count_calls(const uint8_t *at, const uint8_t *end, uint32_t ring)
{
	struct record record;
	uint64_t count = 0;

	for (; at < end; count++) {
		size_t size = record_of_bytes(&record, at, (size_t)(end - at));

		if (!size || record.ring != ring)
			return 0;
		at += size;
	}
	return count;
}

/* Add a block's records to the pass; `record_size` is 0 for those of version 2. */
static void take_batch(struct trace_reader *reader, const uint8_t *payload, uint32_t size,
		       uint32_t rings, uint32_t record_size)
{
	const uint32_t head = sizeof(struct acrn_trace_records);
	struct trace_batch batch = {.record_size = record_size, .offset = reader->blocks.offset};
	uint64_t count;

	if (!rings) {
		WRONG(reader, "there is no description of the rings in front of it");
		return;
	}
	if (size <= head) {
		WRONG(reader, "a block of no records");
		return;
	}
	batch.ring = load32(payload);
	batch.is_overwritten = load32(payload + 4) & ACRN_TRACE_OVERWRITTEN;
	batch.at = payload + head;
	batch.end = payload + size;
	if (record_size)
		count = (size - head) % record_size ? 0 : (size - head) / record_size;
	else
		count = count_calls(batch.at, batch.end, batch.ring);
	if (batch.ring >= rings || !count) {
		WRONG(reader, "records that are not of the rings described");
		return;
	}
	batch.payload = block_take(&reader->blocks);
	pass_add(&reader->pass, load64(payload + 8), &batch);
	reader->records += count;
}

static void take_records(struct trace_reader *reader, const uint8_t *payload, uint32_t size)
{
	take_batch(reader, payload, size, reader->rings, reader->layout.record_size);
}

static void take_calls(struct trace_reader *reader, const uint8_t *payload, uint32_t size)
{
	take_batch(reader, payload, size, reader->writers, 0);
}

static void take_in_flight(struct trace_reader *reader, const uint8_t *payload, uint32_t size)
{
	uint64_t records = reader->records;

	take_batch(reader, payload, size, reader->writers, 0);
	if (reader->records == records)
		return;
	reader->records = records;
	reader->pass.batch[reader->pass.count - 1].is_in_flight = 1;
}

static void take_loss(struct trace_reader *reader, const uint8_t *payload, uint32_t size)
{
	uint32_t rings = reader->rings > reader->writers ? reader->rings : reader->writers;
	struct acrn_trace_loss loss;

	if (!rings) {
		WRONG(reader, "there is no description of the rings in front of it");
		return;
	}
	if (size == sizeof(loss)) {
		memcpy(&loss, payload, sizeof(loss));
		if (!losses_add(&reader->losses, &loss, rings))
			return;
	}
	WRONG(reader, "a loss that cannot be right");
}

static void take_end(struct trace_reader *reader, const uint8_t *payload, uint32_t size)
{
	uint64_t records;

	if (size != sizeof(struct acrn_trace_end)) {
		WRONG(reader, "an end that cannot be right");
		return;
	}
	records = load64(payload);
	if (records != reader->records)
		WRONG(reader, "%" PRIu64 " were written, and %" PRIu64 " are there", records,
		      reader->records);
}

/* By kind; of a kind that is not here a reader knows nothing, and skips it. */
static const struct taker {
	void (*take)(struct trace_reader *reader, const uint8_t *payload, uint32_t size);
	uint32_t version; /* from which on the kind is one */
	int is_records;
} takers[] = {
	[ACRN_TRACE_HEADER] = {take_header, 0, 0},
	[ACRN_TRACE_TABLE] = {take_table, 1, 0},
	[ACRN_TRACE_SITES] = {take_sites, 1, 0},
	[ACRN_TRACE_RINGS] = {take_rings, 1, 0},
	[ACRN_TRACE_RECORDS] = {take_records, 1, 1},
	[ACRN_TRACE_LOSS] = {take_loss, 1, 0},
	[ACRN_TRACE_END] = {take_end, 1, 0},
	[ACRN_TRACE_WRITERS] = {take_writers, 2, 0},
	[ACRN_TRACE_CALLS] = {take_calls, 2, 1},
	[ACRN_TRACE_IN_FLIGHT] = {take_in_flight, 2, 1},
};

static const struct taker *taker_of(const struct trace_reader *reader)
{
	static const struct taker none;
	uint32_t kind = reader->blocks.kind;

	if (kind >= sizeof(takers) / sizeof(*takers) || takers[kind].version > reader->version)
		return &none;
	return &takers[kind];
}

/* Whether the records that are held come before the whole block, and are in order without it. */
static int ends_pass(const struct trace_reader *reader)
{
	const struct trace_blocks *blocks = &reader->blocks;

	if (!reader->pass.count || blocks->kind == ACRN_TRACE_LOSS)
		return 0;
	return !taker_of(reader)->is_records || blocks->size < sizeof(struct acrn_trace_records) ||
	       !pass_has_room(&reader->pass, load64(blocks->payload + 8), blocks->size);
}

/* Take the whole block, before which nothing is held that does not belong with it. */
static void take_block(struct trace_reader *reader)
{
	const struct taker *taker = taker_of(reader);

	if (!reader->has_header && reader->blocks.kind != ACRN_TRACE_HEADER)
		WRONG(reader, "the file does not begin with a header");
	else if (taker->take)
		taker->take(reader, reader->blocks.payload, reader->blocks.size);
	block_done(&reader->blocks);
	reader->stage = reader->damage.what[0] ? OVER : NO_BLOCK;
}

static enum trace_step give_record(struct trace_reader *reader, struct trace_item *item)
{
	const struct trace_batch *batch = pass_next(&reader->pass, &item->bytes, &item->size);

	if (!batch) {
		pass_end(&reader->pass);
		return TRACE_HUNGRY;
	}
	item->offset = batch->offset;
	item->ring = batch->ring;
	item->is_overwritten = batch->is_overwritten;
	item->is_of_ring = batch->record_size != 0;
	item->is_in_flight = batch->is_in_flight;
	return TRACE_RECORD;
}

static enum trace_step give_table(struct trace_reader *reader, struct trace_item *item,
				  uint64_t offset, uint32_t size)
{
	item->bytes = reader->table;
	item->size = size;
	item->offset = offset;
	return TRACE_TABLE;
}

/* Have the next whole block at hand, if there is one. */
static void read_block(struct trace_reader *reader)
{
	switch (block_next(&reader->blocks, &reader->damage)) {
	case BLOCK_WHOLE:
		reader->stage = WHOLE_BLOCK;
		break;
	case BLOCK_WRONG:
		reader->stage = OVER;
		break;
	case BLOCK_HUNGRY:
		if (reader->is_ended) {
			blocks_end(&reader->blocks, &reader->damage);
			reader->stage = OVER;
		}
	}
}

enum trace_step trace_reader_next(struct trace_reader *reader, struct trace_item *item)
{
	free(reader->table);
	reader->table = NULL;
	for (;;) {
		if (reader->pass.is_drained || (reader->stage == OVER && reader->pass.count) ||
		    (reader->stage == WHOLE_BLOCK && ends_pass(reader))) {
			if (give_record(reader, item) == TRACE_RECORD)
				return TRACE_RECORD;
		} else if (reader->stage == OVER) {
			return TRACE_OVER;
		} else if (reader->stage == WHOLE_BLOCK) {
			uint64_t offset = reader->blocks.offset;

			take_block(reader);
			if (reader->table)
				return give_table(reader, item, offset, reader->blocks.size);
		} else {
			read_block(reader);
			if (reader->stage != NO_BLOCK)
				continue;
			if (!reader->is_live || !reader->pass.count)
				return TRACE_HUNGRY;
			if (give_record(reader, item) == TRACE_RECORD)
				return TRACE_RECORD;
		}
	}
}

const struct trace_damage *trace_reader_damage(const struct trace_reader *reader)
{
	return reader->damage.what[0] ? &reader->damage : NULL;
}

uint64_t trace_reader_records(const struct trace_reader *reader)
{
	return reader->records;
}

uint64_t trace_reader_hz(const struct trace_reader *reader)
{
	return reader->hz;
}

void trace_reader_record_of(const struct trace_reader *reader, const struct trace_item *item,
			    const uint8_t *bytes, struct record *record)
{
	if (item->is_of_ring)
		record_of_ring(record, &reader->layout, bytes, item->ring, item->is_overwritten);
	else
		record_of_bytes(record, bytes, item->size);
}

struct trace_losses *trace_reader_losses(struct trace_reader *reader)
{
	return &reader->losses;
}

const struct trace_sites *trace_reader_sites(const struct trace_reader *reader)
{
	return &reader->sites;
}
