/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * COM1. No lock: in each example one CPU prints at a time.
 */
#ifndef EXAMPLES_CONSOLE_H
#define EXAMPLES_CONSOLE_H

/* Conversions %d %u %x %c %s %%, with l, 0, # and a width; anything else is printed as it stands.
 */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
