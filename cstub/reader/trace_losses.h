/* SPDX-License-Identifier: BSD-3-Clause */
/* Gathers what a recording says that goes with no call: what was lost, and a clock of no speed. */
#ifndef TRACE_LOSSES_H
#define TRACE_LOSSES_H

#include <stdint.h>

#include "acrn_trace_file.h"
#include "call.h"
#include "ring_header.h"

struct trace_losses {
	int has_unknown_clock; /* not said yet */
	uint32_t count, taken;
	struct trace_loss {
		uint32_t ring, why;
		uint64_t calls, first, last;
	} loss[RING_MAX_RINGS * ACRN_TRACE_UNREAD];	       /* one for each ring and reason */
	uint16_t known[RING_MAX_RINGS][ACRN_TRACE_UNREAD + 1]; /* where: index + 1 */
};

/* Add a LOSS block's; 0, or -1 if it cannot be right. */
int losses_add(struct trace_losses *losses, const struct acrn_trace_loss *loss, uint32_t rings);

int losses_are_some(const struct trace_losses *losses);

/* Findings of the kinds that there are to take, without their texts; or NULL. */
const struct finding *losses_kinds(const struct trace_losses *losses);

/* Take one: its kind, and its text with a NUL (up to `room` bytes); NULL: all are taken. */
const char *losses_take(struct trace_losses *losses, char *text, size_t room);

#endif
