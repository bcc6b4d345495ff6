/* SPDX-License-Identifier: BSD-3-Clause */
/* Holds one decoded call and all that it refers to. */
#include <stdlib.h>

#include "call_slot.h"

static int give_memory(struct call_slot *slot, size_t size)
{
	uint8_t *memory = malloc(size + SLOT_SAYINGS);

	if (!memory)
		return -1;
	free(slot->memory);
	slot->memory = memory;
	slot->size = size;
	return 0;
}

int slot_init(struct call_slot *slot)
{
	slot->memory = NULL;
	return give_memory(slot, SLOT_LEAST);
}

void slot_free(struct call_slot *slot)
{
	free(slot->memory);
	slot->memory = NULL;
}

int slot_decode(struct call_slot *slot, const struct table *table, const struct circumstances *with)
{
	slot->table = table;
	for (;;) {
		slot->arena.at = slot->memory;
		slot->arena.end = slot->memory + slot->size;
		slot->arena.is_full = 0;
		call_decode(&slot->call, &slot->record, table, with, &slot->arena);
		if (!slot->arena.is_full) {
			slot->arena.end += SLOT_SAYINGS;
			return 0;
		}
		if (slot->size >= SLOT_MOST || give_memory(slot, 2 * slot->size))
			return -1;
	}
}
