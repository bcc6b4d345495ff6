# SPDX-License-Identifier: BSD-3-Clause
# The decoder: a record to a call, a call to text and JSON. No I/O, no globals, no allocation. It
# reads a table of the hypervisor's calls, which Python compiles.

DECODE_CFLAGS  := -std=gnu11 -O2 -g -Wall -Wextra -Werror -Icstub/include -Icstub/decode -I$(BUILD)/decode
DECODE_SOURCES := $(wildcard cstub/decode/*.c)
DECODE_HEADERS := $(wildcard cstub/decode/*.h) cstub/include/hypercall_record.h $(BUILD)/decode/printable.h

# What a terminal cannot show, as the Python has it that shows traces too.
$(BUILD)/decode/printable.h: gdbscripts/acrn_trace/base/unprintable.py
	@mkdir -p $(@D)
	$(PYTHON) $< > $@.part && mv $@.part $@

TABLE_SOURCES := $(addprefix gdbscripts/acrn_trace/,$(addsuffix /*.py,base guest tables))
$(BUILD)/acrn.table: $(BUILD)/acrn-types.o $(wildcard cstub/include/*.def $(TABLE_SOURCES)) | $(BUILD)/
	PYTHONPATH=gdbscripts $(PYTHON) -m acrn_trace.tables.compiled $@

# The decoder over hostile records and tables, with every access checked; clang has the fuzzer.
FUZZ_DECODE := $(addprefix $(BUILD)/fuzz-,decode table)
$(FUZZ_DECODE): $(BUILD)/fuzz-%: tests/fuzz/fuzz_%.c tests/fuzz/input.h $(DECODE_SOURCES) $(DECODE_HEADERS) $(BUILD)/acrn.table
	clang $(DECODE_CFLAGS) -fsanitize=address,undefined,fuzzer -fno-sanitize-recover=all \
		-DACRN_TABLE='"$(abspath $(BUILD)/acrn.table)"' -o $@ $(filter %.c,$^)

# One record by way of the library, for tests that have its bytes.
$(BUILD)/tests/shown-record.so: tests/c/shown_record.c $(BUILD)/libacrn-reader.so | $(BUILD)/tests/
	$(CC) $(DECODE_CFLAGS) -fPIC -shared -o $@ $(abspath $^) -Wl,-rpath,$(abspath $(BUILD))
