/* SPDX-License-Identifier: BSD-3-Clause */
/* Makes UTF-8 of bytes that may be anything. */
#ifndef UTF8_H
#define UTF8_H

#include <stddef.h>
#include <stdint.h>

/*
 * Copy `bytes` to `text`, with U+FFFD for each part that is no UTF-8, as Python's
 * bytes.decode("utf-8", "replace") has it. How many bytes that are: 3 * size at most.
 */
size_t utf8_of(char *text, const uint8_t *bytes, size_t size);

#endif
