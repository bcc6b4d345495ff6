/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Records that are anything, by ACRN's table and by what of it a check still takes when some of its
 * bytes are others: decoded and shown, in whatever memory there is.
 */
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "input.h"
#include "show.h"

#define RECORD_MOST 4096u
#define CHANGES	    4u /* of a table, by one input */

/* build/acrn.table, as it was when this was built. */
extern const uint8_t acrn_table[], acrn_table_end[];
__asm__(".section .rodata\n"
	".globl acrn_table, acrn_table_end\n"
	"acrn_table:\n"
	".incbin \"" ACRN_TABLE "\"\n"
	"acrn_table_end:\n"
	".previous\n");

/* One number of the table becomes another, if it then still is a table. */
static void change(uint8_t *bytes, uint32_t size, struct input *input)
{
	uint32_t at = (uint32_t)next_number(input, 2) % (size - 4),
		 width = next_byte(input) % 4 + 1;
	uint8_t before[4];
	struct table table;

	memcpy(before, bytes + at, sizeof(before));
	for (uint32_t i = 0; i < width; i++)
		bytes[at + i] = (uint8_t)next_byte(input);
	if (table_check(&table, bytes, size))
		memcpy(bytes + at, before, sizeof(before));
}

/* The memory is as large as the table, so that what is read behind its end is seen. */
static uint8_t *changed_table(struct table *table, struct input *input, uint32_t changes)
{
	uint32_t size = (uint32_t)(acrn_table_end - acrn_table);
	uint8_t *bytes = malloc(size);

	memcpy(bytes, acrn_table, size);
	while (changes--)
		change(bytes, size, input);
	if (table_check(table, bytes, size))
		abort();
	return bytes;
}

/* For most inputs ACRN's, of which there is one for all; what to free in the end. */
static uint8_t *take_table(struct table *table, struct input *input)
{
	static struct table whole;
	unsigned int kind = next_byte(input);

	if (!whole.bytes)
		changed_table(&whole, NULL, 0);
	*table = whole;
	return kind % 4 ? NULL : changed_table(table, input, kind / 4 % CHANGES + 1);
}

/* Most calls are some that there are. */
static void tame_number(uint8_t *number, const struct table *table)
{
	uint32_t count = table->count[TABLE_CALLS];

	if (number[7] % 8 == 7 || !count)
		return;
	memcpy(number, table_entry(table, TABLE_CALLS, number[0] % count, TABLE_CALL_SIZE), 8);
}

/* A layout that a check of a ring's header lets through. */
static struct ring_layout take_layout(struct input *input)
{
	struct ring_layout layout = {.header_virtual = next_number(input, 8)};
	uint32_t at = 64, room;

	layout.record_size = 64 * (1 + next_byte(input) % (RECORD_MOST / 64));
	room = layout.record_size - at;
	if (room >= 8 && next_byte(input) % 4) {
		layout.capture_offset = (uint16_t)at;
		layout.capture_bytes = (uint16_t)(next_number(input, 2) % ((room - 8) / 2 + 1));
		at = (at + 8 + 2 * layout.capture_bytes + 7) & ~7u;
	}
	if (at + 8 <= layout.record_size && next_byte(input) % 2) {
		layout.changed_offset = (uint16_t)at;
		layout.changed_slots =
			(uint16_t)(next_byte(input) % ((layout.record_size - at - 8) / 16 + 1));
	}
	return layout;
}

static uint8_t *take_bytes(struct input *input, size_t size)
{
	uint8_t *bytes = calloc(1, size);

	memcpy(bytes, input->data, size < input->left ? size : input->left);
	return bytes;
}

static uint8_t *take_ring_record(struct record *record, const struct table *table,
				 struct input *input)
{
	struct ring_layout layout = take_layout(input);
	int overwritten = next_byte(input) % 2;
	uint8_t *bytes = take_bytes(input, layout.record_size);

	tame_number(bytes + 24, table);
	record_of_ring(record, &layout, bytes, 3, overwritten);
	return bytes;
}

/* What a head must have, else few inputs get further; mostly. */
static void tame(uint8_t *bytes, size_t size, const struct table *table)
{
	if (size < HYPERCALL_RECORD_SIZE || bytes[5] & 128)
		return;
	size &= ~(size_t)7;
	bytes[0] = (uint8_t)size;
	bytes[1] = (uint8_t)(size >> 8);
	bytes[2] = bytes[3] = 0;
	bytes[4] = HYPERCALL_RECORD_VERSION;
	bytes[5] = bytes[5] % 2 ? HYPERCALL_RETURNED : HYPERCALL_CALLED;
	bytes[6] = bytes[6] % 3 + 1;
	bytes[7] %= HYPERCALL_ARGUMENTS + 1;
	memset(bytes + 8, 0, 4);
	tame_number(bytes + __builtin_offsetof(struct hypercall_record, number), table);
}

static uint8_t *take_record_2(struct record *record, const struct table *table, struct input *input)
{
	size_t size = input->left;
	uint8_t *bytes = take_bytes(input, size);

	tame(bytes, size, table);
	if (record_of_bytes(record, bytes, size))
		return bytes;
	free(bytes);
	return NULL;
}

/* Memory of a guest: the bytes of a record over and over, and nothing at some addresses. */
struct guest {
	const uint8_t *bytes;
	size_t size;
};

static const char *read_guest(void *context, uint64_t address, void *to, uint32_t size)
{
	const struct guest *guest = context;
	uint8_t *copy = to;

	if (!guest->size || address % 5 == 4)
		return address % 2 ? "no memory there" : "";
	for (uint32_t i = 0; i < size; i++)
		copy[i] = guest->bytes[(address + i) % guest->size];
	return NULL;
}

/* Decoded from memory that is read at both ends. */
static void show_live(const struct record *record, const struct table *table,
		      const struct input *input, struct input *sizes)
{
	size_t room = next_number(sizes, 2) * 16, width = next_number(sizes, 2) * 16;
	struct guest before = {input->data, input->left}, after = {input->data, input->left / 2};
	struct memory memory[] = {{read_guest, &before}, {read_guest, &after}};
	int is_back = record->state == HYPERCALL_RETURNED;
	struct circumstances with = {.hz = 1, .memory = {&memory[0], is_back ? &memory[1] : NULL}};
	uint8_t *taken = malloc(room);
	char *text = malloc(width);
	struct arena arena = {taken, taken + room, 0};
	struct out out = {text, text + width, 0};
	struct call call;

	call_decode(&call, record, table, &with, &arena);
	if (!arena.is_full)
		show_live_json(&out, &call, table);
	free(text);
	free(taken);
}

/* Decoded and shown, in memory of so many bytes each. */
static void show(const struct record *record, const struct table *table, struct input *sizes)
{
	size_t room = next_number(sizes, 2) * 4, width = next_number(sizes, 2) * 4;
	struct circumstances with = {.hz = next_number(sizes, 8) | 1, .seq = 1};
	struct text_style style = {.is_verbose = next_byte(sizes) % 2};
	uint8_t *memory = malloc(room);
	char *text = malloc(width);
	struct arena arena = {memory, memory + room, 0};
	struct out out = {text, text + width, 0};
	struct call call;

	call_decode(&call, record, table, &with, &arena);
	if (!arena.is_full) {
		show_json(&out, &call, table);
		out = (struct out){text, text + width, 0};
		show_text(&out, &call, table, &style);
	}
	free(text);
	free(memory);
}

/* The first bytes say in how much memory; then what is another in the table; then a record. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct input sizes = {data, size < 16 ? size : 16}, input = {data, size}, guest = input;
	struct input again = sizes;
	struct record record;
	struct table table;
	uint8_t *changed, *bytes;

	for (int i = 0; i < 16; i++)
		next_byte(&input);
	changed = take_table(&table, &input);
	bytes = next_byte(&input) % 2 ? take_record_2(&record, &table, &input)
				      : take_ring_record(&record, &table, &input);
	if (bytes) {
		show(&record, &table, &sizes);
		show_live(&record, &table, &guest, &again);
	}
	free(bytes);
	free(changed);
	return 0;
}
