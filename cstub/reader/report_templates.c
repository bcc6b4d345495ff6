/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "acrn_ring.h"
#include "report_templates.h"

#define PLACES (2 * REPORT_TEMPLATES)
#define LONGER (ACRN_RECORD_CHANGED | ACRN_RECORD_CAPTURED_IN | ACRN_RECORD_CAPTURED_OUT)

#define BODY offsetof(struct acrn_record, number) /* what is before it differs in each */

/* The place of a number's mask, or a free one: there always is one. */
static uint32_t mask_place(const struct report_templates *templates, uint64_t number)
{
	uint32_t at = (uint32_t)((number * 0x9e3779b97f4a7c15ull) >> 32) % REPORT_MASKS;

	while (templates->mask[at].used && templates->mask[at].number != number)
		at = (at + 1) % REPORT_MASKS;
	return at;
}

void template_mask(struct report_templates *templates, struct report_mask mask)
{
	uint32_t place;

	if (templates->masks == REPORT_MASKS / 2)
		templates_forget(templates);
	place = mask_place(templates, mask.number);
	templates->masks += !templates->mask[place].used;
	mask.used = 1;
	templates->mask[place] = mask;
}

uint32_t template_key(const struct report_templates *templates, const uint8_t *record,
		      uint32_t record_size, uint8_t *key)
{
	const struct report_mask *mask;
	struct acrn_record fixed;
	uint32_t size = sizeof(fixed);

	memcpy(&fixed, record, sizeof(fixed));
	mask = &templates->mask[mask_place(templates, fixed.number)];
	if (fixed.flags & LONGER) {
		size = record_size;
	} else if (mask->used) {
		fixed.arg1 &= mask->argument[0];
		fixed.arg2 &= mask->argument[1];
	}
	if (size - BODY > REPORT_LONGEST_KEY)
		return 0;
	memcpy(key, &fixed.number, sizeof(fixed) - BODY);
	memcpy(key + sizeof(fixed) - BODY, record + sizeof(fixed), size - sizeof(fixed));
	return size - (uint32_t)BODY;
}

static uint32_t hash(const uint8_t *key, uint32_t size)
{
	uint64_t value = size, word;

	for (; size >= 8; size -= 8, key += 8) {
		memcpy(&word, key, 8);
		value = (value ^ word) * 0x9e3779b97f4a7c15ull;
		value ^= value >> 29;
	}
	for (; size; size--, key++)
		value = (value ^ *key) * 0x9e3779b97f4a7c15ull;
	return (uint32_t)(value >> 32) % PLACES;
}

/* Never full, so there is always a free place to end at. */
static uint32_t place_of(const struct report_templates *templates, const uint8_t *key,
			 uint32_t size)
{
	uint32_t at = hash(key, size);
	const struct report_template *place = &templates->place[at];

	while (place->key && (place->key_size != size || memcmp(place->key, key, size))) {
		at = (at + 1) % PLACES;
		place = &templates->place[at];
	}
	return at;
}

const struct report_template *template_find(const struct report_templates *templates,
					    const uint8_t *key, uint32_t key_size)
{
	const struct report_template *place = &templates->place[place_of(templates, key, key_size)];

	return place->key ? place : NULL;
}

int template_add(struct report_templates *templates, const uint8_t *key, uint32_t key_size,
		 const uint8_t *pieces, uint32_t size)
{
	struct report_template *place;
	uint8_t *memory;

	if (templates->used == REPORT_TEMPLATES || templates->bytes > REPORT_MOST_BYTES)
		templates_forget(templates);
	place = &templates->place[place_of(templates, key, key_size)];
	memory = place->key ? NULL : malloc(key_size + size);
	if (!memory)
		return -1;
	memcpy(memory, key, key_size);
	memcpy(memory + key_size, pieces, size);
	*place = (struct report_template){memory, key_size, size, memory + key_size};
	templates->used++;
	templates->bytes += key_size + size;
	return 0;
}

void templates_forget(struct report_templates *templates)
{
	for (uint32_t i = 0; i < PLACES; i++)
		free(templates->place[i].key);
	memset(templates, 0, sizeof(*templates));
}
