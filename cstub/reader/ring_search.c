/* SPDX-License-Identifier: BSD-3-Clause */
#include "ring_search.h"

const char *ring_search(struct ring_map *map, const struct guest_ram *ram, int *wait)
{
	const char *why = "there is no ring header in the guest's RAM";
	struct ram_cursor cursor = {0};
	struct nested_tables nested;
	unsigned int broken = 0, found = 0;
	uint64_t at;

	*wait = 1;
	while ((at = ram_search(ram, &cursor, ACRN_RING_MAGIC)) != UINT64_MAX) {
		if (!found++)
			nested_tables_find(&nested, ram);
		why = ring_map(map, ram, &nested, at, wait);
		if (!why)
			return NULL;
		broken += !*wait;
		if (broken == RING_MAX_BROKEN)
			return "too many of its ring headers lead nowhere; give the address of the "
			       "right one with -a";
	}
	return why;
}

const char *ring_at(struct ring_map *map, const struct guest_ram *ram, uint64_t address, int *wait)
{
	struct nested_tables nested;

	nested_tables_find(&nested, ram);
	return ring_map(map, ram, &nested, address, wait);
}
