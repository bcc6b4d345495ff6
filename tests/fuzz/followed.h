/* SPDX-License-Identifier: BSD-3-Clause */
/* Rings that are followed while the guest is at its worst, and what holds whatever it does. */
#ifndef FOLLOWED_H
#define FOLLOWED_H

#include "follower.h"
#include "guest_image.h"
#include "ring_map.h"

/* End the process unless all of the rings is in the RAM's ranges. */
void check_map(const struct ring_map *map, const struct guest_ram *ram);

/*
 * Follow the rings, with `meanwhile` called after each of so many passes. Ends the process unless
 * each sequence number that was claimed is in one record or counted in one loss. The records.
 */
uint64_t follow_rings(const struct rings *rings, unsigned int passes, void (*meanwhile)(void *),
		      void *guest);

/*
 * Read what the rings have. Ends the process unless all that is counted as kept is given, is a call
 * of one of the rings, and no slot is counted twice. The calls.
 */
uint64_t read_contents(const struct rings *rings, int by_time);

#endif
