/* SPDX-License-Identifier: BSD-3-Clause */
/* The bytes that a fuzzer gives; those that are missing are zeros. */
#ifndef INPUT_H
#define INPUT_H

#include <stddef.h>
#include <stdint.h>

struct input {
	const unsigned char *data;
	size_t left;
};

static inline unsigned int next_byte(struct input *input)
{
	return input->left ? (input->left--, *input->data++) : 0;
}

static inline uint64_t next_number(struct input *input, unsigned int bytes)
{
	uint64_t number = 0;

	for (unsigned int i = 0; i < bytes; i++)
		number |= (uint64_t)next_byte(input) << i * 8;
	return number;
}

#endif
