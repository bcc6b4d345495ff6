/* SPDX-License-Identifier: BSD-3-Clause */
/* Checks a ring's header, which a guest wrote, as a whole, before any of it is used. */
#ifndef RING_HEADER_H
#define RING_HEADER_H

#include "acrn_ring.h"

#define RING_MAX_RINGS	     256
#define RING_MAX_RECORD_SIZE 4096u
#define RING_MAX_RECORDS     (1u << 24)	  /* of one ring */
#define RING_MAX_BYTES	     (1ull << 30) /* of all records */

#define RING_FAULT_SIZE 96 /* bytes of the longest text */

/*
 * NULL if the header's sizes and offsets can be right, else what is wrong with it, as half a
 * sentence in `text`.
 */
const char *ring_header_fault(const struct acrn_ring_header *header, char text[RING_FAULT_SIZE]);

#endif
