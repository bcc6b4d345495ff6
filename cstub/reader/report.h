/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Text of recorded calls, a million a second and more. What a call looks like is not known here:
 * the caller (quicktext.py) teaches it, a template for each kind of record, and makes the text
 * itself of each record that no template is for.
 *
 * Records are a guest's: any bytes. All sizes are in bytes; nothing here is thread-safe.
 */
#ifndef REPORT_H
#define REPORT_H

#include <stddef.h>
#include <stdint.h>

#define REPORT_LONGEST_LINE 65536u
#define REPORT_LONGEST_KEY  1024u
#define REPORT_MASKS	    256u
#ifndef REPORT_TEMPLATES       /* fuzzing has few, to have them used up */
#define REPORT_TEMPLATES 4096u /* when there are more, all are forgotten */
#endif
#define REPORT_MOST_BYTES (32u << 20)

/*
 * A template is a row of pieces: literal text, then what comes behind it. The header of a piece is
 * followed by its text.
 */
struct report_piece {
	uint8_t hole;  /* enum report_hole */
	uint8_t bits;  /* of an argument: how many of its bits, 1 to 64 */
	uint8_t shift; /* and from which on, 0 to 63 */
	uint8_t reserved;
	uint32_t size; /* of the text */
};

enum report_hole {
	REPORT_NOTHING = 0,
	REPORT_TIME = 1,     /* of the call: seconds since the first one, six decimals */
	REPORT_DURATION = 2, /* seconds, six decimals */
	REPORT_DECIMAL1 = 3, /* the first argument */
	REPORT_DECIMAL2 = 4,
	REPORT_HEX1 = 5, /* with 0x in front */
	REPORT_HEX2 = 6,
	REPORT_HOLES,
};

/* Records back to back, of one ring, in the order in which they are to be shown. */
struct report_cursor {
	const uint8_t *at;
	const uint8_t *end;
};

enum report_why {
	REPORT_DONE = 0,
	REPORT_FULL = 1,    /* the room for text is used up */
	REPORT_UNKNOWN = 2, /* there is no template for the next record */
};

struct report;

/* NULL without memory. record_size is at least 64, tsc_hz 10^7 to 10^11. */
struct report *report_new(uint64_t tsc_hz, uint32_t record_size);
void report_free(struct report *report);

/* The time that is shown as 0, in microseconds. */
void report_start(struct report *report, int64_t micros);

/*
 * Which bits of its arguments calls of a number must have in common to be alike; else all. Those of
 * records with captures or registers always count.
 */
void report_compare(struct report *report, uint64_t number, uint64_t mask1, uint64_t mask2);

/*
 * Teach the text of records like `record`: alike in all but sequence, times, and the bits that are
 * not compared. 0, or -1 where that is not possible.
 */
int report_learn(struct report *report, const uint8_t *record, const uint8_t *template,
		 uint32_t size);

/*
 * Make text of the records behind the cursors, merged by the time of their calls, and move the
 * cursors on. How many bytes; `*why` says why no more, `*which` the cursor of an unknown record.
 */
size_t report_run(struct report *report, struct report_cursor *cursors, uint32_t count, char *text,
		  size_t room, uint32_t *why, uint32_t *which);

#endif
