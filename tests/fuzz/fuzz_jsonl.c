/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines that are anything, and templates that are anything for lines of their key. */
#include <math.h>
#include <stddef.h>

#include "jsonl_report.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static const char line[] =
		"{\"seq\":1,\"time\":5.5,\"duration\":0.25,\"args\":[\"0x7\",8]}\n";
	static struct jsonl_cut cut;
	struct jsonl_report *report = jsonl_report_new(0, 0);
	struct live_call call = {.time = 1, .end = 2};
	uint32_t template_size, flags;
	uint64_t count;
	size_t length;

	if (!report || size < 4) {
		jsonl_report_free(report);
		return 0;
	}
	flags = data[0] & 15u;
	template_size = data[1] < size - 4 ? data[1] : (uint32_t)size - 4;
	jsonl_cut(line, sizeof(line) - 2, &cut);
	jsonl_report_learn(report, &cut, flags, data + 4, template_size);
	jsonl_cut((const char *)data + 4, size - 4, &cut);
	jsonl_report_learn(report, &cut, flags, data + 4, template_size);
	for (int i = 0; i < (data[2] & 31); i++) {
		call.end = i % 3 == 1 ? (double)NAN : 1; /* one that never ended */
		call.flags = i % (1 + data[2]) ? 0 : data[3] & 15u;
		jsonl_report_add(report, &call, "");
		jsonl_report_run(report, line, sizeof(line) - 1, &count);
	}
	jsonl_report_run(report, (const char *)data + 4, size - 4, &count);
	jsonl_report_flush(report);
	jsonl_report_text(report, &length);
	jsonl_report_free(report);
	return 0;
}
