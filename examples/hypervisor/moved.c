/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In hypervisor-moved.elf: nested paging that is no identity. The guest's RAM from 2 MiB on is
 * moved up by ten MiB, what leaves it at the upper end coming in at the lower, and in the guest's
 * image each two neighbouring pages of 4 KiB have changed places. Below 2 MiB is what QEMU has put
 * there for the guest, and above the RAM are devices: they stay.
 */
#include "memory.h"
#include "x86.h"

#define MOVED_FROM LARGE_PAGE_SIZE
#define MOVED_BY   (5 * LARGE_PAGE_SIZE)
#define GUEST_CODE 0x400000ull

uint64_t guest_split_page(void)
{
	return GUEST_CODE;
}

uint64_t guest_host_physical(uint64_t physical)
{
	uint64_t end = hypervisor_memory_start();

	if (physical < MOVED_FROM || physical >= end)
		return physical;
	if (physical / LARGE_PAGE_SIZE == GUEST_CODE / LARGE_PAGE_SIZE)
		physical ^= PAGE_SIZE;
	return MOVED_FROM + (physical - MOVED_FROM + MOVED_BY) % (end - MOVED_FROM);
}
