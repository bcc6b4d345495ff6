/* SPDX-License-Identifier: BSD-3-Clause */
/* Rings that are followed while the guest is at its worst, and what holds whatever it does. */
#ifndef FOLLOWED_H
#define FOLLOWED_H

#include "follower.h"
#include "guest_image.h"

/* End the process unless all of the rings is in the RAM's ranges. */
void check_map(const struct ring_map *map, const struct guest_ram *ram);

/*
 * Follow the rings, with `meanwhile` called after each of so many passes. Ends the process unless
 * each sequence number that was claimed is in one record or counted in one loss. The records.
 */
uint64_t follow_rings(const struct ring_map *map, unsigned int passes, void (*meanwhile)(void *),
		      void *guest);

#endif
