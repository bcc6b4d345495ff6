/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "report_templates.h"

#define PLACES (2 * REPORT_TEMPLATES)
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
