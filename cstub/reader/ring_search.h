/* SPDX-License-Identifier: BSD-3-Clause */
/* Which of the ring headers in a guest's RAM is the one in use: any page may look like one. */
#ifndef RING_SEARCH_H
#define RING_SEARCH_H

#include "ring_map.h"

/*
 * Headers to which the page tables lead, and whose rings cannot be mapped all the same. Nothing but
 * ill will makes many, and each costs a walk for each page of up to 1 GiB of records.
 */
#ifndef RING_MAX_BROKEN /* fuzzing has few, to have them used up */
#define RING_MAX_BROKEN 256u
#endif

/*
 * Map the first rings in RAM that can be. NULL, or why none can; `*wait` is set if it may be
 * possible later.
 */
const char *ring_search(struct ring_map *map, const struct guest_ram *ram, int *wait);

/* Those whose header is at an address in RAM, in the same way. */
const char *ring_at(struct ring_map *map, const struct guest_ram *ram, uint64_t address, int *wait);

#endif
