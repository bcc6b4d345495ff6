/* SPDX-License-Identifier: BSD-3-Clause */
#include "page_walk.h"

#define PRESENT	   1u
#define USER	   4u
#define LARGE	   0x80u
#define FRAME	   0x000ffffffffff000ull
#define INDEX_BITS 9
#define LEVELS	   4
#define LARGEST	   2 /* level of the largest page, of 1 GiB */
#define PAGE_BITS  12

/* Tables of as many levels, whose entries need `bits`; and the nested ones, NULL if there are none.
 */
struct tables {
	uint64_t root;
	int levels;
	unsigned int bits;
	const struct tables *below;
};

/*
 * A loop over the levels: a table that points at itself costs as many steps as any other. It calls
 * itself for what is below, which has nothing below it.
 */
static uint64_t walk(const struct guest_ram *ram, const struct tables *tables, uint64_t address)
{
	uint64_t table = tables->root & FRAME;

	for (int level = tables->levels - 1; level >= 0; level--) {
		int shift = PAGE_BITS + level * INDEX_BITS;
		uint64_t at = table + (address >> shift & ((1u << INDEX_BITS) - 1)) * 8;
		uint64_t place = tables->below ? walk(ram, tables->below, at) : at;
		const volatile uint64_t *slot = ram_at(ram, place, 8);
		uint64_t entry = slot ? *slot : 0;
		uint64_t inside = ((uint64_t)1 << shift) - 1;

		if ((entry & tables->bits) != tables->bits)
			return NOT_MAPPED;
		if (level == 0 || (level <= LARGEST && entry & LARGE))
			return (entry & FRAME & ~inside) | (address & inside);
		table = entry & FRAME;
	}
	return NOT_MAPPED;
}

uint64_t page_walk(const struct guest_ram *ram, const struct paging *paging, uint64_t address)
{
	struct tables nested = {paging->ncr3, paging->levels, PRESENT | USER, NULL};
	struct tables own = {paging->cr3, LEVELS, PRESENT, paging->ncr3 ? &nested : NULL};
	uint64_t physical = walk(ram, &own, address);

	return physical == NOT_MAPPED || !paging->ncr3 ? physical : walk(ram, &nested, physical);
}
