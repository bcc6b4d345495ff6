/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The guest's memory. Guest-physical is host-physical, except that the hypervisor keeps all RAM
 * from its own image on up (HYPERVISOR_PHYSICAL, a multiple of 2 MiB) for itself. In
 * hypervisor-moved.elf the guest's RAM is elsewhere (moved.c).
 */
#ifndef HYPERVISOR_MEMORY_H
#define HYPERVISOR_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "start_info.h"

struct vcpu;

/* Host-physical address of an object of the hypervisor. */
uint64_t image_physical(const void *object);

/* Finds out where RAM ends and takes the hypervisor's part out of the map that the guest gets. */
void memory_init(struct start_info *info);

/* First address of the hypervisor's memory and the first one past it. */
uint64_t hypervisor_memory_start(void);
uint64_t hypervisor_memory_end(void);

/* Physical address of the nested page tables, which all vCPUs share. */
uint64_t nested_page_tables(void);

/* Where the nested page tables have a guest-physical address, in host-physical memory. */
uint64_t guest_host_physical(uint64_t physical);

/* Guest-physical address of the large page whose nested mapping is by small ones; 0: of none. */
uint64_t guest_split_page(void);

/* Whether all of it is RAM of the guest. */
bool guest_owns(uint64_t physical, size_t size);

/* Copies from where the guest's own paging says; false if something is not mapped or not its RAM.
 */
bool guest_read_virtual(const struct vcpu *vcpu, uint64_t address, void *to, size_t size);

/* The model's two callbacks (struct acrn_memory). */
int guest_read_physical(void *unused, uint64_t address, void *to, size_t size);
int guest_write_physical(void *unused, uint64_t address, const void *from, size_t size);

/* Zeroes RAM of the guest; false if some of it is not. */
bool guest_clear_physical(uint64_t address, size_t size);

#endif
