# SPDX-License-Identifier: BSD-3-Clause
# The readers in C: acrn-record follows a guest's rings in RAM that QEMU shares; libacrn-report.so
# makes text of recorded calls, for `acrn-trace report`.

READER_CFLAGS  := -std=gnu11 -O2 -g -Wall -Wextra -Werror -Icstub/include -Icstub/reader
READER_HEADERS := $(wildcard cstub/reader/*.h) cstub/include/acrn_ring.h cstub/include/acrn_trace_file.h
READER_COMMON  := $(addprefix cstub/reader/,checksum.c follower.c guest_ram.c page_walk.c ring_map.c ring_search.c trace_writer.c)
RECORD_SOURCES := $(READER_COMMON) $(addprefix cstub/reader/,record.c record_options.c tsc_clock.c)

$(BUILD)/acrn-record: $(RECORD_SOURCES) $(READER_HEADERS) | $(BUILD)/
	$(CC) $(READER_CFLAGS) -o $@ $(RECORD_SOURCES)

.PHONY: readers
readers: $(BUILD)/acrn-record
readers: $(BUILD)/libacrn-report.so

REPORT_SOURCES := $(addprefix cstub/reader/,report.c report_layouts.c report_templates.c jsonl_cut.c jsonl_report.c live_order.c)
$(BUILD)/libacrn-report.so: $(REPORT_SOURCES) $(READER_HEADERS) | $(BUILD)/
	$(CC) $(READER_CFLAGS) -fPIC -shared -o $@ $(REPORT_SOURCES) -lm

# The readers over hostile input, with every access checked; clang has the fuzzer.
FUZZ := clang $(READER_CFLAGS) -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
	-DREPORT_TEMPLATES=16u -DREPORT_LAYOUTS=4u -DLIVE_LOOKAHEAD=15u
$(BUILD)/fuzz-rings: tests/fuzz/fuzz_rings.c $(READER_COMMON) $(READER_HEADERS) | $(BUILD)/
	$(FUZZ) -o $@ $(filter %.c,$^)
$(BUILD)/fuzz-report: tests/fuzz/fuzz_report.c $(REPORT_SOURCES) $(READER_HEADERS) | $(BUILD)/
	$(FUZZ) -o $@ $(filter %.c,$^)
$(BUILD)/fuzz-jsonl: tests/fuzz/fuzz_jsonl.c $(REPORT_SOURCES) $(READER_HEADERS) | $(BUILD)/
	$(FUZZ) -o $@ $(filter %.c,$^) -lm
