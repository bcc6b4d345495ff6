/* SPDX-License-Identifier: BSD-3-Clause */
#include "ring_search.h"

const char *ring_search(struct ring_map *map, const struct guest_ram *ram, int *wait)
{
	const char *why = "there is no ring header in the guest's RAM";
	struct ram_cursor cursor = {0};
	unsigned int broken = 0;
	uint64_t at;

	*wait = 1;
	while ((at = ram_search(ram, &cursor, ACRN_RING_MAGIC)) != UINT64_MAX) {
		why = ring_map(map, ram, at, wait);
		if (!why)
			return NULL;
		broken += !*wait;
		if (broken == RING_MAX_BROKEN)
			return "too many of its ring headers lead nowhere; give the address of the "
			       "right one with -a";
	}
	return why;
}
