/* SPDX-License-Identifier: BSD-3-Clause */
#include "guest.h"
#include "machine.h"
#include "statement.h"

#define MOST_BYTES 0x2000

static uint64_t number_at(const uint8_t *data, unsigned size)
{
	uint64_t number = 0;

	memcpy(&number, data, size);
	return number;
}

void state_number(uint64_t number)
{
	print("\"%#lx\"", number);
}

static void state_signed(uint64_t number, unsigned size)
{
	print("%ld", (long)(number << (64 - 8 * size)) >> (64 - 8 * size));
}

void state_named(uint64_t number, const struct name *names)
{
	for (; names->text; names++)
		if (names->value == number)
			return print("\"%s\"", names->text);
	state_number(number);
}

static void state_set(uint64_t number, const struct name *names)
{
	const char *between = "";

	print("\"");
	for (; names->text; names++) {
		if (!(number & names->value))
			continue;
		print("%s%s", between, names->text);
		number &= ~names->value;
		between = "|";
	}
	if (number || !*between)
		print("%s%#lx", between, number);
	print("\"");
}

static void state_text(const uint8_t *data, unsigned size)
{
	print("\"");
	for (; size && *data; size--, data++)
		print("\\u%04x", *data);
	print("\"");
}

static void state_bytes(const uint8_t *data, unsigned size)
{
	print("\"");
	while (size--)
		print("%02x", *data++);
	print("\"");
}

static void state_choice(const struct field *field, const uint8_t *data, const void *structure,
			 bool now)
{
	struct member member = field->choose(structure);

	if (!member.name)
		return state_bytes(data, field->size);
	print("{\"%s\":", member.name);
	state_structure(member.shape, data, now);
	print("}");
}

static void state_element(const struct field *field, const uint8_t *data, const void *structure,
			  bool now)
{
	uint64_t number = field->size <= 8 ? number_at(data, field->size) : 0;

	switch (field->kind) {
	case NUMBER:
		return state_number(number);
	case SIGNED:
		return state_signed(number, field->size);
	case ONE_OF:
		return state_named(number, field->names);
	case SET_OF:
		return state_set(number, field->names);
	case STRUCTURE:
		return state_structure(field->shape, data, now);
	case CHOICE:
		return state_choice(field, data, structure, now);
	case ADDRESS:
		return state_pointer(number, now);
	case TEXT:
	case KEY:
		return;
	}
}

static void state_list(const struct field *field, const uint8_t *data, const void *structure,
		       bool now)
{
	unsigned there = field->there ? field->there(structure) : field->count;

	print("[");
	for (unsigned i = 0; i < field->count && i < there; i++) {
		print("%s", i ? "," : "");
		state_element(field, data + i * field->size, structure, now);
	}
	print("]");
}

static unsigned presence_of(const struct field *field, const void *structure)
{
	bool is_array = field->count && field->kind != KEY;

	return field->there && !is_array ? field->there(structure) : PRESENT;
}

static void state_field(const struct field *field, const void *structure, bool now)
{
	const uint8_t *data = (const uint8_t *)structure + field->offset;

	if (field->kind == KEY || presence_of(field, structure) == UNTOLD)
		return print("\"redacted\"");
	if (field->kind == TEXT)
		return state_text(data, field->count);
	if (!field->count)
		return state_element(field, data, structure, now);
	if (!field->rows)
		return state_list(field, data, structure, now);
	for (unsigned row = 0; row < field->rows; row++) {
		print("%c", row ? ',' : '[');
		state_list(field, data + row * field->count * field->size, structure, now);
	}
	print("]");
}

void state_structure(const struct shape *shape, const void *data, bool now)
{
	if (!*shape->field->name)
		return state_element(shape->field, data, data, now);
	for (unsigned i = 0; i < shape->fields; i++) {
		if (presence_of(&shape->field[i], data) == ABSENT)
			continue;
		print("%c\"%s\":", i ? ',' : '{', shape->field[i].name);
		state_field(&shape->field[i], data, now);
	}
	print("}");
}

/* The pointers in a structure lead to others, hence a buffer for each depth. */
static const uint8_t *contents(const struct placement *placement, bool now)
{
	static uint8_t buffers[2][MOST_BYTES];
	static unsigned turn;
	uint8_t *buffer = buffers[turn++ % 2];

	if (!now)
		return placement->before;
	physical_read(placement->gpa, buffer, placement->size);
	return buffer;
}

static void state_elements(const struct placement *placement, bool now)
{
	const uint8_t *data = contents(placement, now);

	print("[");
	for (unsigned i = 0; i < placement->stated && i < placement->claimed; i++) {
		print("%s", i ? "," : "");
		state_structure(placement->shape, data + i * placement->shape->size, now);
	}
	print("],\"claimed\":%u,\"ends\":%s", placement->claimed,
	      placement->ends ? "true" : "false");
}

void state_pointer(uint64_t gpa, bool now)
{
	const struct placement *placement = placed_at(gpa);

	print("{\"address\":\"%#lx\",", gpa);
	if (!placement) {
		print("\"unreadable\":true}");
		return;
	}
	print("\"points_to\":");
	if (placement->stated)
		state_elements(placement, now);
	else
		state_structure(placement->shape, contents(placement, now), now);
	print("}");
}

void state_target(uint64_t gpa, bool now)
{
	const struct placement *placement = placed_at(gpa);

	if (placement)
		state_structure(placement->shape, contents(placement, now), now);
	else
		state_pointer(gpa, now);
}
