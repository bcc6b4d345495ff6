/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory for arguments that only guest-physical addresses can describe: 2 MiB whose pages stand in
 * another order in virtual memory, so that whoever reads the virtual address of the same number, or
 * goes on to the next virtual page, finds other data than the hypervisor does.
 */
#ifndef TESTS_SCATTERED_H
#define TESTS_SCATTERED_H

#include <stdbool.h>

#include "shapes.h"

#define SCATTERED      0x1000000ul
#define SCATTERED_SIZE 0x200000ul

/* Where guest-physical memory is none, or a device's registers, or ends in the midst of something.
 */
#define NO_MEMORY      0x7000000ul
#define LOCAL_APIC     0xfee00000ul
#define IO_APIC	       0xfec00000ul
#define END_OF_LOW_RAM 0xa0000ul /* the VGA's window, without a VGA */

/* What the guest put at a guest-physical address. */
struct placement {
	uint64_t gpa;
	const struct shape *shape;
	uint32_t stated;  /* elements of an array that are ours; 0: one structure */
	uint32_t claimed; /* elements that the call will speak of */
	uint32_t size;
	bool ends;	 /* memory ends after the stated ones */
	uint8_t *before; /* as placed */
};

void scattered_init(void);

/* Copies to and from guest-physical memory, scattered or not. */
void physical_write(uint64_t gpa, const void *from, size_t size);
void physical_read(uint64_t gpa, void *to, size_t size);

/* Forget what was placed, for the next call. */
void placements_clear(void);

/* A structure at an odd address, across the border of two pages. */
uint64_t place(const struct shape *shape, const void *data);
uint64_t place_array(const struct shape *shape, const void *data, uint32_t stated,
		     uint32_t claimed);

/* The same anywhere. */
struct placement *place_at(uint64_t gpa, const struct shape *shape, const void *data,
			   uint32_t stated);

/* All that was placed, one by one from 0 on; NULL at the end. */
const struct placement *placement_number(unsigned number);

/* What was placed there, or NULL. */
const struct placement *placed_at(uint64_t gpa);

#endif
