/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Odd values for every field of a structure.
 */
#ifndef TESTS_FILL_H
#define TESTS_FILL_H

#include "shapes.h"

/*
 * Fills a structure so that 256 bytes in a row are all different, but for texts, which are
 * printable. Enumerations have no value that is one of theirs then, most likely.
 */
void fill(const struct shape *shape, void *data, uint8_t seed);

/* Gives every enumeration one of its values, another for another `turn`. */
void name_values(const struct shape *shape, void *data, unsigned turn);

#endif
