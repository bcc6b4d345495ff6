/* SPDX-License-Identifier: BSD-3-Clause */
/* Layouts, templates and records that are anything. */
#include <string.h>

#include "acrn_ring.h"
#include "report.h"

#define RECORD 192u
#define FIELDS 6u
#define HEADS  (4 + FIELDS * sizeof(struct report_field))
#define LEAST  (HEADS + RECORD + sizeof(struct report_piece))

static char text[2 * REPORT_LONGEST_LINE];
static struct report *report; /* one for many inputs: making it takes longest */

/* As they have to be, mostly: else few are layouts and templates. */
static void tame(struct report_field *fields, unsigned char *record, unsigned char *template)
{
	struct report_piece piece;

	for (unsigned int i = 0; i < FIELDS; i++) {
		fields[i].at %= RECORD;
		fields[i].bits = fields[i].bits % 64 + 1;
		fields[i].shift %= 64;
		fields[i].twin %= FIELDS;
	}
	memcpy(&piece, template, sizeof(piece));
	piece.hole %= REPORT_HOLES;
	piece.field %= FIELDS;
	piece.size %= 512;
	memcpy(template, &piece, sizeof(piece));
	record[0] = (unsigned char)((record[0] & ~ACRN_WORD_STATE_MASK) | ACRN_RECORD_RETURNED);
}

static void show(const unsigned char *records, size_t size)
{
	struct report_cursor cursors[2] = {
		{records, records + size / 2},
		{records + size / 2, records + size},
	};
	uint32_t why, which;

	do {
		report_run(report, cursors, 2, text, sizeof(text), &why, &which);
		if (why == REPORT_UNKNOWN)
			cursors[which].at += RECORD;
	} while (why != REPORT_DONE);
}

/* The first bytes say how to begin; then fields, and a record, behind which its template stands. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct report_field fields[FIELDS];
	unsigned char copy[4096], mask[RECORD];
	uint32_t template_size;

	if (size < LEAST || size > sizeof(copy))
		return 0;
	if (!report || data[0] == 1) {
		report_free(report);
		report = report_new(1000000000, RECORD, data[1] & 1 ? 64 : data[1]);
	}
	memcpy(fields, data + 4, sizeof(fields));
	memcpy(copy, data + HEADS, size - HEADS);
	tame(fields, copy, copy + RECORD);
	memset(mask, data[2], sizeof(mask));
	template_size = data[3] * 4u;
	if (template_size > size - HEADS - RECORD)
		template_size = (uint32_t)(size - HEADS - RECORD);
	if (!report)
		return 0;
	report_start(report, data[1] - 9, data[0] & 2);
	report_layout(report, copy, mask, fields, data[0] % (FIELDS + 1));
	report_learn(report, copy, copy + RECORD, template_size);
	show(copy, size - HEADS);
	return 0;
}
