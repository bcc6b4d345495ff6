/* SPDX-License-Identifier: BSD-3-Clause */
#include "fill.h"
#include "machine.h"

#define STEP	   73 /* odd: 256 steps reach every value */
#define FIRST_CHAR '!'
#define CHARS	   94
#define CHAR_STEP  7
#define SHORT_TEXT 3 /* shorter than its field by this much, every other time */

static void fill_text(uint8_t *text, unsigned size, uint8_t seed)
{
	for (unsigned i = 0; i < size; i++)
		text[i] = FIRST_CHAR + (i * CHAR_STEP + seed) % CHARS;
	if (seed & 1)
		text[size - SHORT_TEXT] = 0;
}

static unsigned elements(const struct field *field)
{
	return (field->count ? field->count : 1) * (field->rows ? field->rows : 1);
}

static void fill_texts(const struct shape *shape, uint8_t *data, uint8_t seed)
{
	for (unsigned i = 0; i < shape->fields; i++) {
		const struct field *field = &shape->field[i];

		if (field->kind == TEXT)
			fill_text(data + field->offset, field->count, seed);
		for (unsigned n = 0; field->kind == STRUCTURE && n < elements(field); n++)
			fill_texts(field->shape, data + field->offset + n * field->size, seed + n);
	}
}

void fill(const struct shape *shape, void *data, uint8_t seed)
{
	uint8_t *bytes = data;

	for (unsigned i = 0; i < shape->size; i++)
		bytes[i] = seed + i * STEP;
	fill_texts(shape, data, seed);
}

static void name_value(const struct field *field, uint8_t *data, unsigned turn)
{
	unsigned names = 0;

	while (field->names[names].text)
		names++;
	memcpy(data, &field->names[turn % names].value, field->size);
}

void name_values(const struct shape *shape, void *data, unsigned turn)
{
	for (unsigned i = 0; i < shape->fields; i++) {
		const struct field *field = &shape->field[i];

		for (unsigned n = 0; n < elements(field); n++) {
			uint8_t *element = (uint8_t *)data + field->offset + n * field->size;

			if (field->kind == ONE_OF)
				name_value(field, element, turn + n);
			else if (field->kind == STRUCTURE)
				name_values(field->shape, element, turn + n);
		}
	}
}
