/* SPDX-License-Identifier: BSD-3-Clause */
/* The guest's page tables, four levels (Intel SDM volume 3, 4.5): hostile, and read but once. */
#ifndef PAGE_WALK_H
#define PAGE_WALK_H

#include <stdint.h>

#include "guest_ram.h"

#define NOT_MAPPED UINT64_MAX

/* The guest-physical address of a virtual one under `cr3`, or NOT_MAPPED. */
uint64_t page_walk(const struct guest_ram *ram, uint64_t cr3, uint64_t address);

#endif
