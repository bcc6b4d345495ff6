/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "acrn_ring.h"
#include "report_layouts.h"

#define PLACES (2 * REPORT_LAYOUTS)
#define BODY   offsetof(struct acrn_record, number) /* what is before it differs in each */

_Static_assert(REPORT_LONGEST_KEY >= 8 + 8 * REPORT_MOST_WORDS + REPORT_MOST_FIELDS, "room");

static struct report_kind kind_of(const struct report_layouts *layouts, const uint8_t *record)
{
	struct report_kind kind = {0};
	struct acrn_capture capture;
	struct acrn_record fixed;

	memcpy(&fixed, record, sizeof(fixed));
	kind.number = fixed.number;
	kind.flags = fixed.flags;
	if (!layouts->capture_offset)
		return kind;
	memcpy(&capture, record + layouts->capture_offset, sizeof(capture));
	if (fixed.flags & ACRN_RECORD_CAPTURED_IN)
		kind.sizes = capture.in_bytes;
	if (fixed.flags & ACRN_RECORD_CAPTURED_OUT)
		kind.sizes |= (uint32_t)capture.out_bytes << 16;
	return kind;
}

/* Where its layout is, or a free place: there always is one. */
static uint32_t place_of(const struct report_layouts *layouts, const struct report_kind *kind)
{
	uint64_t mixed = kind->number ^ (uint64_t)kind->sizes << 16 ^ (uint64_t)kind->flags << 48;
	uint32_t at = (uint32_t)(mixed * 0x9e3779b97f4a7c15ull >> 32) % PLACES;
	const struct report_layout *place = &layouts->layout[at];

	while (place->used && memcmp(&place->kind, kind, sizeof(*kind))) {
		at = (at + 1) % PLACES;
		place = &layouts->layout[at];
	}
	return at;
}

static int take_mask(const struct report_layouts *layouts, struct report_layout *layout,
		     const uint8_t *mask)
{
	for (uint32_t at = BODY; at < layouts->record_size; at += 8) {
		struct report_word word = {.at = at};

		memcpy(&word.mask, mask + at, sizeof(word.mask));
		if (!word.mask)
			continue;
		if (layout->words == REPORT_MOST_WORDS)
			return -1;
		layout->word[layout->words++] = word;
	}
	return 0;
}

static int take_fields(const struct report_layouts *layouts, struct report_layout *layout,
		       const struct report_field *fields, uint32_t count)
{
	if (count > REPORT_MOST_FIELDS)
		return -1;
	for (uint32_t i = 0; i < count; i++) {
		if (fields[i].at > layouts->record_size - 8 || !fields[i].bits ||
		    fields[i].shift + fields[i].bits > 64u || fields[i].twin >= count)
			return -1;
		layout->field[layout->fields++] = fields[i];
	}
	return 0;
}

int layout_add(struct report_layouts *layouts, const uint8_t *record, const uint8_t *mask,
	       const struct report_field *fields, uint32_t count)
{
	struct report_layout new = {.used = 1, .kind = kind_of(layouts, record)}, *place;

	place = &layouts->layout[place_of(layouts, &new.kind)];
	if (place->used || layouts->count == REPORT_LAYOUTS || take_mask(layouts, &new, mask) ||
	    take_fields(layouts, &new, fields, count))
		return -1;
	*place = new;
	layouts->count++;
	return 0;
}

const struct report_layout *layout_of(const struct report_layouts *layouts, const uint8_t *record)
{
	struct report_kind kind = kind_of(layouts, record);
	const struct report_layout *place = &layouts->layout[place_of(layouts, &kind)];

	return place->used ? place : NULL;
}

uint64_t layout_value(const struct report_field *field, const uint8_t *record)
{
	uint64_t word;

	memcpy(&word, record + field->at, sizeof(word));
	return word >> field->shift & ~(uint64_t)0 >> (64 - field->bits);
}

/* Bit 0: the field is not 0; bit 1: its twin is not the same; bit 2: it has some of `low`. */
static uint8_t class_of(const struct report_layout *layout, const struct report_field *field,
			const uint8_t *record)
{
	uint64_t value = layout_value(field, record);
	int differs = value != layout_value(&layout->field[field->twin], record);

	return (uint8_t)((value != 0) | differs << 1 | ((value & field->low) != 0) << 2);
}

uint32_t layout_key(const struct report_layouts *layouts, const struct report_layout *layout,
		    const uint8_t *record, uint8_t key[REPORT_LONGEST_KEY])
{
	uint64_t which = (uint64_t)(layout - layouts->layout);
	uint32_t size = sizeof(which);

	memcpy(key, &which, sizeof(which));
	for (uint32_t i = 0; i < layout->words; i++, size += 8) {
		uint64_t word;

		memcpy(&word, record + layout->word[i].at, sizeof(word));
		word &= layout->word[i].mask;
		memcpy(key + size, &word, sizeof(word));
	}
	for (uint32_t i = 0; i < layout->fields; i++)
		key[size++] = class_of(layout, &layout->field[i], record);
	return size;
}
