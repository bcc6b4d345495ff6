/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Trace files that are anything: blocks of every kind, well made up to what the input changes,
 * pushed in pieces of any size, and shown in every form.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checksum.h"
#include "hypercall_record.h"
#include "input.h"
#include "report.h"

#define FILE_SIZE 65536u
#define ROOM	  4096u /* less than some calls take, at first */
#define MOST_ROOM (16u << 20)

static unsigned char file[FILE_SIZE];
static size_t file_size;
static unsigned char table[1 << 20];
static size_t table_size;

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	FILE *built = fopen(ACRN_TABLE, "rb"); /* make says where */

	(void)count;
	(void)arguments;
	if (built) {
		table_size = fread(table, 1, sizeof(table), built);
		fclose(built);
	}
	if (!table_size)
		abort();
	return 0;
}

static void add_block(uint32_t kind, const void *payload, size_t size)
{
	struct acrn_trace_block head = {ACRN_TRACE_BLOCK_MAGIC, kind, (uint32_t)size, 0};

	if (size + sizeof(head) > sizeof(file) - file_size)
		return;
	head.checksum = checksum(checksum(0, &head.kind, 8), payload, size);
	memcpy(file + file_size, &head, sizeof(head));
	memcpy(file + file_size + sizeof(head), payload, size);
	file_size += sizeof(head) + size;
}

/* Bytes of the input in place of some of the payload's. */
static void change(struct input *input, unsigned char *payload, size_t size)
{
	for (unsigned int changes = next_byte(input) % 4; changes && size; changes--) {
		size_t at = (size_t)next_number(input, 2) % size;

		payload[at] = (unsigned char)next_byte(input);
	}
}

static void add_header(struct input *input)
{
	static const char *const layouts[] = {ACRN_TRACE_LAYOUT, ACRN_TRACE_LAYOUT_2};
	struct acrn_trace_header header = {.size = sizeof(header)};
	unsigned char payload[sizeof(header) + 512];
	const char *layout = layouts[next_byte(input) & 1];

	header.version = layout == layouts[1] ? ACRN_TRACE_VERSION_2 : ACRN_TRACE_VERSION;
	memcpy(payload, &header, sizeof(header));
	memcpy(payload + sizeof(header), layout, strlen(layout));
	add_block(ACRN_TRACE_HEADER, payload, sizeof(header) + strlen(layout));
}

static size_t make_rings(unsigned char *payload)
{
	struct acrn_trace_rings rings = {.tsc_hz = 2000000000,
					 .header = {.magic = ACRN_RING_MAGIC,
						    .version = ACRN_RING_VERSION,
						    .header_size = 128,
						    .ring_size = 64,
						    .ring_count = 3,
						    .record_size = 192,
						    .record_count = 16,
						    .capture_offset = 64,
						    .capture_bytes = 24,
						    .changed_offset = 120,
						    .changed_slots = 4}};

	memcpy(payload, &rings, sizeof(rings));
	return sizeof(rings);
}

static size_t make_writers(unsigned char *payload)
{
	struct acrn_trace_writers writers = {.rings = 3, .clock = ACRN_TRACE_CLOCK_NONE};

	memcpy(payload, &writers, sizeof(writers));
	return sizeof(writers);
}

static size_t make_records(struct input *input, unsigned char *payload)
{
	struct acrn_trace_records head = {next_byte(input) % 4, 0, next_byte(input) % 4};
	size_t count = next_byte(input) % 4, size = sizeof(head) + count * 192;

	memcpy(payload, &head, sizeof(head));
	for (size_t at = sizeof(head); at < size; at += 8) {
		uint64_t word = next_number(input, 1 + (at & 8 ? 1 : 0));

		memcpy(payload + at, &word, sizeof(word));
	}
	for (size_t i = 0; i < count; i++) /* a call that there is */
		payload[sizeof(head) + i * 192 + 24 + 3] = 0x80;
	return size;
}

static size_t make_calls(struct input *input, unsigned char *payload)
{
	struct acrn_trace_records head = {next_byte(input) % 4, 0, next_byte(input) % 4};
	struct hypercall_record record = {.version = HYPERCALL_RECORD_VERSION,
					  .state = HYPERCALL_RETURNED,
					  .clock = HYPERCALL_NANOSECONDS,
					  .ring = head.ring};
	struct hypercall_block block = {.kind = (uint16_t)(next_byte(input) % 7), .size = 40};
	size_t blocks = next_byte(input) % 3, size = sizeof(head);

	record.size = (uint32_t)(sizeof(record) + blocks * (sizeof(block) + block.size));
	record.number = 0x80000000u | next_byte(input);
	record.argument[0] = next_number(input, 8);
	record.arguments = (uint8_t)(next_byte(input) % 8);
	memcpy(payload, &head, sizeof(head));
	memcpy(payload + size, &record, sizeof(record));
	size += sizeof(record);
	for (; blocks; blocks--, size += block.size) {
		memcpy(payload + size, &block, sizeof(block));
		size += sizeof(block);
		for (unsigned int i = 0; i < block.size; i++)
			payload[size + i] = (unsigned char)next_byte(input);
	}
	return size;
}

static size_t make_sites(struct input *input, unsigned char *payload)
{
	size_t size = 0;

	for (unsigned int lines = next_byte(input) % 5; lines; lines--)
		size += (size_t)sprintf((char *)payload + size, "%x\t%u\t%c\t%c\n",
					next_byte(input), next_byte(input), next_byte(input) | 1,
					next_byte(input) | 1);
	return size;
}

static size_t make_loss(struct input *input, unsigned char *payload)
{
	struct acrn_trace_loss loss = {next_byte(input) % 3, 1 + next_byte(input) % 4,
				       next_number(input, 2), next_byte(input)};

	memcpy(payload, &loss, sizeof(loss));
	return sizeof(loss);
}

static void add_some_block(struct input *input)
{
	static unsigned char payload[FILE_SIZE];
	uint32_t kind = 2 + next_byte(input) % 9;
	size_t size = 0;

	switch (kind) {
	case ACRN_TRACE_RINGS:
		size = make_rings(payload);
		break;
	case ACRN_TRACE_WRITERS:
		size = make_writers(payload);
		break;
	case ACRN_TRACE_RECORDS:
		size = make_records(input, payload);
		break;
	case ACRN_TRACE_CALLS:
		size = make_calls(input, payload);
		break;
	case ACRN_TRACE_SITES:
		size = make_sites(input, payload);
		break;
	case ACRN_TRACE_LOSS:
		size = make_loss(input, payload);
		break;
	default:
		for (size = next_byte(input) % 32; input->left && size % 32; size--)
			payload[size] = (unsigned char)next_byte(input);
	}
	change(input, payload, size);
	add_block(kind, payload, size);
}

static void make_file(struct input *input)
{
	unsigned char payload[sizeof(struct acrn_trace_rings)];

	file_size = 0;
	add_header(input);
	if (next_byte(input) % 8) { /* else there is no description of the rings, at first */
		add_block(ACRN_TRACE_RINGS, payload, make_rings(payload));
		add_block(ACRN_TRACE_WRITERS, payload, make_writers(payload));
	}
	while (input->left)
		add_some_block(input);
}

/* Show what there is to be shown; there is room for each call in the end. */
static void show(struct report *report, size_t piece)
{
	static char text[MOST_ROOM];
	size_t used, room = ROOM, at = 0;
	enum report_step step;

	do {
		step = report_run(report, text, room, &used);
		if (step == REPORT_FULL && !used)
			room = room < sizeof(text) ? 2 * room : (abort(), 0);
		if (step == REPORT_TABLE && piece % 2)
			report_use_own_table(report, table, table_size);
		else if (step == REPORT_TABLE)
			report_refuse(report, "no table");
		if (step != REPORT_HUNGRY)
			continue;
		piece = piece < file_size - at ? piece : file_size - at;
		if (piece)
			report_push(report, file + at, piece);
		else
			report_end(report, NULL);
		at += piece;
	} while (step != REPORT_OVER);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct input input = {data, size};
	size_t piece = 1 + (size_t)next_number(&input, 2);
	struct report *report = report_new(next_byte(&input) % 3, next_byte(&input) & 1);
	unsigned int damage = next_byte(&input);

	if (!report || report_use_table(report, table, table_size) || report_begin(report))
		abort();
	make_file(&input);
	if (damage < 8 && file_size)
		file[(damage * 7919u) % file_size] ^= 1; /* not what was written */
	else if (damage < 16)
		file_size -= file_size % 17; /* cut off */
	show(report, piece);
	while (report_unsaid(report))
		;
	report_free(report);
	return 0;
}
