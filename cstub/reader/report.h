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
#define REPORT_MOST_FIELDS  128u
#define REPORT_LONGEST_KEY  1280u
#ifndef REPORT_TEMPLATES /* fuzzing has few, to have them used up */
#define REPORT_LAYOUTS	 128u
#define REPORT_TEMPLATES 4096u /* when there are more, all are forgotten */
#endif
#define REPORT_MOST_BYTES (32u << 20)

/*
 * A template is a row of pieces: literal text, then what comes behind it. The header of a piece is
 * followed by its text.
 */
struct report_piece {
	uint8_t hole; /* enum report_hole */
	uint8_t reserved;
	uint16_t field; /* which one of the layout */
	uint32_t size;	/* of the text */
};

enum report_hole {
	REPORT_NOTHING = 0,
	REPORT_TIME = 1,     /* of the call: seconds since `start`, six decimals */
	REPORT_DURATION = 2, /* seconds, six decimals */
	REPORT_DECIMAL = 3,  /* a field */
	REPORT_HEX = 4,	     /* with 0x in front */
	REPORT_DIGITS = 5,   /* hexadecimal, all that the field has: the lower part of a number */
	REPORT_HOLES,
};

/*
 * Bits of a record that are shown as a number whatever they are: they need not be the same in
 * records that look alike, but whether they are 0, whether they have some of `low`, and whether
 * they are the same as their twin's.
 */
struct report_field {
	uint16_t at; /* byte of the record, eight of which are looked at */
	uint8_t shift;
	uint8_t bits;  /* 1 to 64 - shift */
	uint16_t twin; /* another field of the layout, or this one */
	uint16_t low;  /* bits that an aligned address has not; 0: it is none */
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

/*
 * NULL without memory. record_size is at least 64, tsc_hz 10^7 to 10^11; capture_offset is that of
 * struct acrn_capture in a record, 0 if there is none.
 */
struct report *report_new(uint64_t tsc_hz, uint32_t record_size, uint32_t capture_offset);
void report_free(struct report *report);

/* The time that is shown as 0, microseconds; `relative`: that of the call before, each time. */
void report_start(struct report *report, int64_t micros, int relative);
int64_t report_started(const struct report *report);

/*
 * Records of the number, flags and captured sizes of `record` look alike if they have in common
 * what `mask` (record_size bytes, from `number` on) selects and what is said of fields above. 0, or
 * -1 where that is known already, is not possible, or there are REPORT_LAYOUTS.
 */
int report_layout(struct report *report, const uint8_t *record, const uint8_t *mask,
		  const struct report_field *fields, uint32_t count);

/* Teach the text of records that look like `record`, which has a layout. 0, or -1: not possible. */
int report_learn(struct report *report, const uint8_t *record, const uint8_t *template,
		 uint32_t size);

/*
 * Make text of the records behind the cursors, merged by the time of their calls, and move the
 * cursors on. How many bytes; `*why` says why no more, `*which` the cursor of an unknown record.
 */
size_t report_run(struct report *report, struct report_cursor *cursors, uint32_t count, char *text,
		  size_t room, uint32_t *why, uint32_t *which);

#endif
