/* SPDX-License-Identifier: BSD-3-Clause */
#include "guest.h"
#include "machine.h"
#include "scattered.h"
#include "x86.h"

#define PAGES	     (SCATTERED_SIZE / PAGE_SIZE)
#define PAGE_SWAP    (0x155ul * PAGE_SIZE) /* odd: no two pages stay neighbours in order */
#define TABLE_FLAGS  (PAGE_PRESENT | PAGE_WRITABLE)
#define ADDRESS_BITS 0x000ffffffffff000ul
#define PLACES	     4
#define PLACE_SIZE   0x2000ul
#define PLACE_STEP   0x4000ul

static uint64_t scattered_table[PAGES] __attribute__((aligned(PAGE_SIZE)));
static struct placement placements[PLACES];
static uint8_t copies[PLACES][PLACE_SIZE];
static unsigned places;

static uint64_t *table_at(uint64_t entry)
{
	return (uint64_t *)(entry & ADDRESS_BITS);
}

/* The large page of the boot tables gives way to a table of single pages. */
void scattered_init(void)
{
	uint64_t *pointers = table_at(table_at(read_cr3())[0]);
	uint64_t *directory = table_at(pointers[0]);

	for (uint64_t page = 0; page < PAGES; page++) {
		uint64_t physical = SCATTERED + page * PAGE_SIZE;

		scattered_table[page] = (physical ^ PAGE_SWAP) | TABLE_FLAGS;
	}
	directory[SCATTERED / LARGE_PAGE_SIZE] = guest_physical(scattered_table) | TABLE_FLAGS;
	__asm__ volatile("mov %0, %%cr3" : : "r"(read_cr3()) : "memory");
}

static volatile uint8_t *seen_at(uint64_t gpa)
{
	return (volatile uint8_t *)(gpa - SCATTERED < SCATTERED_SIZE ? gpa ^ PAGE_SWAP : gpa);
}

void physical_write(uint64_t gpa, const void *from, size_t size)
{
	for (const uint8_t *byte = from; size; size--)
		*seen_at(gpa++) = *byte++;
}

void physical_read(uint64_t gpa, void *to, size_t size)
{
	for (uint8_t *byte = to; size; size--)
		*byte++ = *seen_at(gpa++);
}

void placements_clear(void)
{
	places = 0;
}

struct placement *place_at(uint64_t gpa, const struct shape *shape, const void *data,
			   uint32_t stated)
{
	struct placement *placement = &placements[places];
	uint32_t size = shape->size * (stated ? stated : 1);

	if (places == PLACES || size > PLACE_SIZE) {
		print("place_at: no room for %u bytes\n", size);
		machine_fail();
	}
	*placement = (struct placement){.gpa = gpa,
					.shape = shape,
					.stated = stated,
					.claimed = stated,
					.size = size,
					.before = copies[places++]};
	memcpy(placement->before, data, size);
	physical_write(gpa, data, size);
	return placement;
}

static uint64_t across_a_border(uint32_t size)
{
	return SCATTERED + places * PLACE_STEP + PAGE_SIZE - (size / 2 | 1);
}

uint64_t place(const struct shape *shape, const void *data)
{
	return place_at(across_a_border(shape->size), shape, data, 0)->gpa;
}

uint64_t place_array(const struct shape *shape, const void *data, uint32_t stated, uint32_t claimed)
{
	uint64_t gpa = across_a_border(shape->size * stated);
	struct placement *placement = place_at(gpa, shape, data, stated);

	placement->claimed = claimed;
	return gpa;
}

const struct placement *placement_number(unsigned number)
{
	return number < places ? &placements[number] : NULL;
}

const struct placement *placed_at(uint64_t gpa)
{
	for (unsigned i = 0; i < places; i++)
		if (placements[i].gpa == gpa)
			return &placements[i];
	return NULL;
}
