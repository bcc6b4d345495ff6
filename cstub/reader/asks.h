/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tells about which calls somebody is to be asked what is wrong with them, beside what the decoder
 * finds: those that went wrong, and those that are to be known for that.
 */
#ifndef ASKS_H
#define ASKS_H

#include "call.h"

/* Always of these: the first ABI's calls of these numbers, and all calls at these sites. */
struct report_asks {
	const uint64_t *numbers, *sites;
	uint32_t number_count, site_count;
};

#define ASKS_PLAIN 256

struct asks {
	struct report_asks of;
	uint64_t plain[ASKS_PLAIN]; /* sites of large arguments that are nothing to ask about */
};

int asks_about(const struct asks *asks, const struct call *call, const struct table *table);

/* Somebody was asked about the call, and found nothing. */
void asks_found_nothing(struct asks *asks, const struct call *call);

#endif
