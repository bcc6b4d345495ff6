/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Prints values as JSON: numbers in hexadecimal, as strings; names of enumerations and flags by the
 * guest's own lists; a secret as "redacted"; what place() put at an address behind that address.
 */
#ifndef TESTS_STATEMENT_H
#define TESTS_STATEMENT_H

#include <stdbool.h>

#include "scattered.h"

/* The structure at `data`; what its pointers lead to as it was placed, or as it is now. */
void state_structure(const struct shape *shape, const void *data, bool now);

/* {"address":…,"points_to":…}, or "unreadable" where nothing was placed. */
void state_pointer(uint64_t gpa, bool now);

/* The tree of what a call's pointer leads to: the structure itself, or as above if unreadable. */
void state_target(uint64_t gpa, bool now);

void state_named(uint64_t number, const struct name *names);
void state_number(uint64_t number);

#endif
