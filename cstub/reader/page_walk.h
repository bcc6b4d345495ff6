/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The guest's page tables, four levels (Intel SDM volume 3, 4.5), and below them the nested page
 * table of a hypervisor on AMD's SVM (AMD64 APM volume 2, 15.25): hostile, and read but once.
 */
#ifndef PAGE_WALK_H
#define PAGE_WALK_H

#include <stdint.h>

#include "guest_ram.h"

#define NOT_MAPPED UINT64_MAX

/* Where a guest's page tables begin, guest-physical, and those below, which are in RAM. */
struct paging {
	uint64_t cr3;
	uint64_t ncr3; /* 0: guest-physical memory is RAM itself */
	int levels;    /* of the nested page table: 4 or 5, as its hypervisor's own */
};

/* Where a virtual address is in RAM, or NOT_MAPPED. */
uint64_t page_walk(const struct guest_ram *ram, const struct paging *paging, uint64_t address);

#endif
