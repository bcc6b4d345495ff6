/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a guest includes: the hypercalls, a console, and where it begins.
 */
#ifndef EXAMPLES_GUEST_H
#define EXAMPLES_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "console.h"

/* Guest-physical address of an object of the image. */
uint64_t guest_physical(const volatile void *object);

#define ACRN_GPA(pointer) guest_physical(pointer)
#include "acrn_calls.h"

/* Where a guest begins; 0 powers the machine off, anything else is a failed run. */
int guest_main(void);

/* True if `word` is one of those on the command line (QEMU's -append). */
bool guest_option(const char *word);

#endif
