/* SPDX-License-Identifier: BSD-3-Clause */
/* Templates and records that are anything. */
#include <string.h>

#include "report.h"

#define RECORD 192u

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static char text[2 * REPORT_LONGEST_LINE];
	static struct report *report; /* one for many inputs: making it takes longest */
	static unsigned char copy[4096];
	struct report_piece piece;
	uint32_t template_size, why, which;

	report = report ? report : report_new(1000000000, RECORD);
	if (report && size > 4 + RECORD + sizeof(piece) && size < sizeof(copy)) {
		struct report_cursor cursors[2];
		size_t half;

		template_size = data[0] | (uint32_t)data[1] << 8;
		report_compare(report, data[2], data[3] - 1ull, 0);
		data += 4;
		size -= 4;
		memcpy(copy, data, size);
		memcpy(&piece, copy + RECORD, sizeof(piece)); /* else few are templates */
		piece.hole %= REPORT_HOLES;
		piece.bits = piece.bits % 64 + 1;
		piece.shift %= 64;
		piece.size %= 512;
		memcpy(copy + RECORD, &piece, sizeof(piece));
		data = copy;
		if (template_size > size - RECORD)
			template_size = (uint32_t)(size - RECORD);
		report_learn(report, data, data + RECORD, template_size);
		half = size / 2;
		cursors[0] = (struct report_cursor){data, data + half};
		cursors[1] = (struct report_cursor){data + half, data + size};
		do {
			report_run(report, cursors, 2, text, 2 * REPORT_LONGEST_LINE, &why, &which);
			if (why == REPORT_UNKNOWN)
				cursors[which].at += RECORD;
		} while (why != REPORT_DONE);
	}
	return 0;
}
