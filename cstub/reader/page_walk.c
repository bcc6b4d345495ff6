/* SPDX-License-Identifier: BSD-3-Clause */
#include "page_walk.h"

#define PRESENT	   1u
#define LARGE	   0x80u
#define FRAME	   0x000ffffffffff000ull
#define INDEX_BITS 9
#define LEVELS	   4
#define PAGE_BITS  12

/* A loop over the levels: a table that points at itself costs four steps as any other. */
uint64_t page_walk(const struct guest_ram *ram, uint64_t cr3, uint64_t address)
{
	uint64_t table = cr3 & FRAME;

	for (int level = LEVELS - 1; level >= 0; level--) {
		int shift = PAGE_BITS + level * INDEX_BITS;
		uint64_t index = address >> shift & ((1u << INDEX_BITS) - 1);
		const volatile uint64_t *slot = ram_at(ram, table + index * 8, 8);
		uint64_t entry = slot ? *slot : 0;
		uint64_t inside = ((uint64_t)1 << shift) - 1;

		if (!(entry & PRESENT))
			return NOT_MAPPED;
		if (level == 0 || (level < 3 && entry & LARGE))
			return (entry & FRAME & ~inside) | (address & inside);
		table = entry & FRAME;
	}
	return NOT_MAPPED;
}
