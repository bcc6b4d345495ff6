/* SPDX-License-Identifier: BSD-3-Clause */
/* What records have in common that look alike, as the caller of report.h says it. */
#ifndef REPORT_LAYOUTS_H
#define REPORT_LAYOUTS_H

#include "report.h"

#define REPORT_MOST_WORDS 128u

struct report_kind {
	uint64_t number;
	uint32_t flags;
	uint32_t sizes; /* in_bytes and out_bytes of what was captured */
};

struct report_layout {
	int used;
	struct report_kind kind;
	uint32_t words, fields;
	struct report_word {
		uint32_t at;   /* bytes from the record's beginning */
		uint64_t mask; /* what of it counts */
	} word[REPORT_MOST_WORDS];
	struct report_field field[REPORT_MOST_FIELDS];
};

struct report_layouts {
	uint32_t record_size;
	uint32_t capture_offset; /* of struct acrn_capture; 0: there is none */
	uint32_t count;
	struct report_layout layout[2 * REPORT_LAYOUTS];
};

/* 0, or -1 if there is one already, it is none, or there are too many. */
int layout_add(struct report_layouts *layouts, const uint8_t *record, const uint8_t *mask,
	       const struct report_field *fields, uint32_t count);

/* NULL: there is none for such records. */
const struct report_layout *layout_of(const struct report_layouts *layouts, const uint8_t *record);

/* What the record has in common with those that look like it; its size, `key` having room. */
uint32_t layout_key(const struct report_layouts *layouts, const struct report_layout *layout,
		    const uint8_t *record, uint8_t key[REPORT_LONGEST_KEY]);

uint64_t layout_value(const struct report_field *field, const uint8_t *record);

#endif
