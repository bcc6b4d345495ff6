/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line of acrn-record. */
#ifndef RECORD_OPTIONS_H
#define RECORD_OPTIONS_H

#include <stdint.h>

#include "guest_ram.h"

struct record_options {
	const char *ram;
	const char *output;
	uint64_t address; /* guest-physical, of the ring's header; UINT64_MAX: search for it */
	uint64_t tsc_hz;  /* 0: not given */
	int append;	  /* the file has a header already */
	unsigned int ranges;
	struct ram_range range[MAX_RAM_RANGES];
};

/* 0, or -1 after saying what is wrong. */
int record_parse(struct record_options *options, int count, char **words);

/* Tell where the RAM is: as the options say, or as QEMU's PC machines have it. 0 or -1. */
int record_ranges(const struct record_options *options, struct guest_ram *ram);

#endif
