/* SPDX-License-Identifier: BSD-3-Clause */
#include "console.h"
#include "machine.h"
#include "memory.h"
#include "vcpu.h"
#include "x86.h"

#define NESTED_FLAGS  (PAGE_PRESENT | PAGE_WRITABLE | PAGE_USER)
#define DIRECTORIES   4
#define ADDRESS_BITS  0x000ffffffffff000
#define PAGING_LEVELS 4

extern char IMAGE_VIRTUAL[], IMAGE_PHYSICAL[];

typedef uint64_t page_table[512] __attribute__((aligned(4096)));

static page_table nested_pml4, nested_pointers, nested_directories[DIRECTORIES];
static page_table nested_small_pages; /* of the large page guest_split_page */
static uint64_t ram_end;

/* hypervisor-moved.elf has others (moved.c). */
__attribute__((weak)) uint64_t guest_host_physical(uint64_t physical)
{
	return physical;
}

__attribute__((weak)) uint64_t guest_split_page(void)
{
	return 0;
}

uint64_t image_physical(const void *object)
{
	return (uint64_t)object - (uint64_t)IMAGE_VIRTUAL + (uint64_t)IMAGE_PHYSICAL;
}

uint64_t hypervisor_memory_start(void)
{
	return (uint64_t)IMAGE_PHYSICAL;
}

uint64_t hypervisor_memory_end(void)
{
	return (ram_end + LARGE_PAGE_SIZE - 1) & -(uint64_t)LARGE_PAGE_SIZE;
}

static void split_large_page(uint64_t address)
{
	for (unsigned i = 0; i < 512; i++)
		nested_small_pages[i] = guest_host_physical(address + i * PAGE_SIZE) | NESTED_FLAGS;
	nested_directories[0][address / LARGE_PAGE_SIZE] =
		image_physical(nested_small_pages) | NESTED_FLAGS;
}

static void build_nested_tables(void)
{
	nested_pml4[0] = image_physical(nested_pointers) | NESTED_FLAGS;
	for (unsigned i = 0; i < DIRECTORIES; i++)
		nested_pointers[i] = image_physical(nested_directories[i]) | NESTED_FLAGS;
	for (unsigned i = 0; i < DIRECTORIES * 512; i++) {
		uint64_t address = (uint64_t)i * LARGE_PAGE_SIZE;

		if (address < hypervisor_memory_start() || address >= hypervisor_memory_end())
			nested_directories[i / 512][i % 512] =
				guest_host_physical(address) | NESTED_FLAGS | PAGE_LARGE;
	}
	if (guest_split_page())
		split_large_page(guest_split_page());
}

void memory_init(struct start_info *info)
{
	struct start_memory *map = (struct start_memory *)info->memory_map;
	uint64_t start = hypervisor_memory_start();

	for (unsigned i = 0; i < info->memory_map_entries; i++) {
		if (map[i].type != MEMORY_RAM || map[i].address > start ||
		    map[i].size <= start - map[i].address)
			continue;
		ram_end = map[i].address + map[i].size;
		map[i].size = start - map[i].address;
	}
	if (!ram_end) {
		print("hypervisor: no memory at %#lx in the memory map of PVH\n", start);
		machine_fail();
	}
	build_nested_tables();
}

uint64_t nested_page_tables(void)
{
	return image_physical(nested_pml4);
}

bool guest_owns(uint64_t physical, size_t size)
{
	return physical < hypervisor_memory_start() && size <= hypervisor_memory_start() - physical;
}

/* Where the guest's RAM is, of up to `size` bytes those that are there on one page: `here`. */
static uint8_t *in_guest(uint64_t address, size_t size, size_t *here)
{
	size_t left = PAGE_SIZE - address % PAGE_SIZE;

	*here = size < left ? size : left;
	return (uint8_t *)guest_host_physical(address);
}

int guest_read_physical(void *unused, uint64_t address, void *to, size_t size)
{
	(void)unused;
	if (!guest_owns(address, size))
		return -1;
	for (size_t done = 0, here; done < size; done += here) {
		const uint8_t *from = in_guest(address + done, size - done, &here);

		memcpy((uint8_t *)to + done, from, here);
	}
	return 0;
}

int guest_write_physical(void *unused, uint64_t address, const void *from, size_t size)
{
	(void)unused;
	if (!guest_owns(address, size))
		return -1;
	for (size_t done = 0, here; done < size; done += here) {
		uint8_t *to = in_guest(address + done, size - done, &here);

		memcpy(to, (const uint8_t *)from + done, here);
	}
	return 0;
}

bool guest_clear_physical(uint64_t address, size_t size)
{
	if (!guest_owns(address, size))
		return false;
	for (size_t done = 0, here; done < size; done += here) {
		uint8_t *to = in_guest(address + done, size - done, &here);

		memset(to, 0, here);
	}
	return true;
}

/* Long mode's four levels; without paging virtual is physical. Other modes: not translated. */
static bool translate(const struct vcpu *vcpu, uint64_t virtual, uint64_t *physical)
{
	uint64_t entry = vcpu->vmcb.cr3;

	*physical = virtual;
	if (!(vcpu->vmcb.cr0 & CR0_PG))
		return true;
	if (!(vcpu->vmcb.efer & EFER_LMA))
		return false;
	for (int shift = 12 + 9 * (PAGING_LEVELS - 1); shift >= 12; shift -= 9) {
		uint64_t table = entry & ADDRESS_BITS;
		uint64_t in_page = (1ull << shift) - 1;

		if (guest_read_physical(NULL, table + (virtual >> shift & 511) * 8, &entry, 8) ||
		    !(entry & PAGE_PRESENT))
			return false;
		*physical = (entry & ADDRESS_BITS & ~in_page) | (virtual & in_page);
		if (shift < 39 && entry & PAGE_LARGE)
			return true;
	}
	return true;
}

bool guest_read_virtual(const struct vcpu *vcpu, uint64_t address, void *to, size_t size)
{
	uint8_t *byte = to;

	for (; size; size--, address++, byte++) {
		uint64_t physical;

		if (!translate(vcpu, address, &physical) ||
		    guest_read_physical(NULL, physical, byte, 1))
			return false;
	}
	return true;
}
