/* SPDX-License-Identifier: BSD-3-Clause */
/* Gathers what a recording says that goes with no call. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "trace_losses.h"

static const char LOST[] = "lost", CLOCK[] = "clock"; /* kinds of findings */

static const char *const why_lost[] = {
	[ACRN_TRACE_LATE] = "overwritten before they were read",
	[ACRN_TRACE_FULL] = "not written by the guest, since the ring was full",
	[ACRN_TRACE_UNWRITTEN] = "not written by the guest",
	[ACRN_TRACE_UNREAD] = "made after the last look, if any were: the guest was gone first",
};

static int is_right(const struct acrn_trace_loss *loss, uint32_t rings)
{
	return loss->ring < rings && loss->ring < RING_MAX_RINGS && loss->why >= ACRN_TRACE_LATE &&
	       loss->why <= ACRN_TRACE_UNREAD && loss->count &&
	       loss->count - 1 <= UINT64_MAX - loss->first;
}

int losses_add(struct trace_losses *losses, const struct acrn_trace_loss *loss, uint32_t rings)
{
	uint64_t last = loss->first + loss->count - 1;
	struct trace_loss *known;
	uint16_t *place;

	if (!is_right(loss, rings))
		return -1;
	place = &losses->known[loss->ring][loss->why];
	if (!*place) {
		*place = (uint16_t)++losses->count;
		losses->loss[*place - 1] =
			(struct trace_loss){loss->ring, loss->why, 0, loss->first, last};
	}
	known = &losses->loss[*place - 1];
	known->calls +=
		loss->count < UINT64_MAX - known->calls ? loss->count : UINT64_MAX - known->calls;
	known->first = loss->first < known->first ? loss->first : known->first;
	known->last = last > known->last ? last : known->last;
	return 0;
}

int losses_are_some(const struct trace_losses *losses)
{
	return losses->count || losses->has_unknown_clock;
}

const struct finding *losses_kinds(const struct trace_losses *losses)
{
	static const struct finding lost = {.kind = LOST}, clock = {.kind = CLOCK};
	static const struct finding both = {.next = (struct finding *)&lost, .kind = CLOCK};

	if (losses->has_unknown_clock)
		return losses->count ? &both : &clock;
	return losses->count ? &lost : NULL;
}

static void forget(struct trace_losses *losses)
{
	losses->count = losses->taken = 0;
	memset(losses->known, 0, sizeof(losses->known));
}

const char *losses_take(struct trace_losses *losses, char *text, size_t room)
{
	const struct trace_loss *loss;

	if (losses->has_unknown_clock) {
		losses->has_unknown_clock = 0;
		snprintf(text, room,
			 "the guest's time-stamp counter has an unknown speed: shown as 1e+09 Hz");
		return CLOCK;
	}
	if (losses->taken == losses->count) {
		forget(losses);
		return NULL;
	}
	loss = &losses->loss[losses->taken++];
	snprintf(text, room,
		 "ring %" PRIu32 " lost %s%" PRIu64 " calls (%" PRIu64 " to %" PRIu64 "): %s",
		 loss->ring, loss->why == ACRN_TRACE_UNREAD ? "up to " : "", loss->calls,
		 loss->first, loss->last, why_lost[loss->why]);
	return LOST;
}
