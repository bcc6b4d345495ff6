/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Puts the text of calls, which come in the order of their ends, in the order in which a live trace
 * would have written it. The rules are those of playback.py and sinks/text.py; tests compare.
 */
#ifndef LIVE_ORDER_H
#define LIVE_ORDER_H

#include <stddef.h>
#include <stdint.h>

#ifndef LIVE_LOOKAHEAD	     /* fuzzing has little, to have it used up */
#define LIVE_LOOKAHEAD 1024u /* calls; playback.py's */
#endif

/* Of a call's text; the times of lines go before LIVE_CALL and LIVE_RESUMED. */
enum live_section {
	LIVE_HEAD,    /* of the trace, if this is its first call */
	LIVE_VCPU,    /* what lines begin with */
	LIVE_CALL,    /* up to where the call is made */
	LIVE_RESUMED, /* instead of that, if another line came between */
	LIVE_END,     /* the rest */
	LIVE_SECTIONS,
};

enum live_flag {
	LIVE_BARE = 1,	   /* there are no lines, only LIVE_HEAD and LIVE_END */
	LIVE_AT_ONCE = 2,  /* is shown when it is over, as a whole */
	LIVE_NO_ENTRY = 4, /* is not shown when it is made */
	LIVE_NO_END = 8,   /* nor when it is over */
};

struct live_call {
	double time;  /* when it was made, seconds */
	double end;   /* NaN: never */
	double shown; /* both, to the microsecond */
	double resumed;
	uint64_t seq;
	uint32_t flags;
	uint32_t size[LIVE_SECTIONS];
	char *text; /* the sections, back to back; to be freed */
	/* Of the order itself. */
	uint64_t number;
	uint8_t entered;
	uint8_t begun;
};

struct live_text {
	char *bytes;
	size_t size, room;
	int failed; /* there was no memory for all of it */
};

struct live_order {
	uint8_t started; /* the trace has begun, at the time `start` */
	uint8_t in_run;	 /* of calls that never ended */
	double start;
	double now;
	uint64_t first, next; /* numbers of the calls held */
	uint64_t open;	      /* number of the call whose line has no end yet; 0: none */
	uint32_t entries;
	uint64_t entry[LIVE_LOOKAHEAD + 1]; /* a heap of those that are not made yet */
	struct live_call call[LIVE_LOOKAHEAD + 1];
	struct live_text text; /* what is ready */
};

void live_init(struct live_order *order);
/* Forget what is held and what is ready. */
void live_free(struct live_order *order);
/* Takes call->text. */
void live_add(struct live_order *order, const struct live_call *call);
/* No more calls come. */
void live_flush(struct live_order *order);

#endif
