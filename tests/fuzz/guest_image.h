/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The RAM of a small guest with rings in it, and what a hostile guest does to it. Bytes of the
 * input say what; those that are missing are zeros, with which all is as it should be.
 */
#ifndef GUEST_IMAGE_H
#define GUEST_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "input.h"
#include "acrn_ring.h"

#define PAGE	   4096u
#define ZONES	   2u /* pieces of RAM: below and above 4 GiB, each with rings of its own */
#define ZONE_PAGES 32u
#define HEADER	   6u /* the page of a zone that has its rings' header */
#define GAP_PAGES  1u /* of the file, before, between and behind the zones: no RAM */
#define FILE_PAGES (ZONES * ZONE_PAGES + (ZONES + 1) * GAP_PAGES)
#define FILE_SIZE  (FILE_PAGES * PAGE)

struct guest_image {
	unsigned char *file; /* the RAM's file, writable */
	uint64_t address[ZONES];
	struct acrn_ring_header header[ZONES]; /* as they were laid out */
	uint64_t scatter[ZONES];	       /* of the records' pages */
	unsigned char hole[FILE_SIZE / 512];   /* not 0: this piece of the file is a hole */
};

/* Where a page of a zone is in the file, in bytes. */
size_t place_of(unsigned int zone, unsigned int page);

/* Guest and rings anew; the input says how large they are, and how they are mapped. */
void lay_out(struct guest_image *image, struct input *input);

/* One at which something begins or ends, or an address of the guest's. */
uint64_t choose_number(const struct guest_image *image, struct input *input);

/* Up to seven things that a guest does: calls, and what it should not. */
void go_on(struct guest_image *image, struct input *input);

#endif
