# SPDX-License-Identifier: BSD-3-Clause
# The readers in C: acrn-record follows a guest's rings in RAM that QEMU shares; libacrn-reader.so is
# what Python calls of them, with the decoder.

READER_CFLAGS  := -std=gnu11 -O2 -g -Wall -Wextra -Werror -Icstub/include -Icstub/reader
READER_HEADERS := $(wildcard cstub/reader/*.h) $(addprefix cstub/include/,acrn_ring.h acrn_trace_file.h hypercall_shared.h)
READER_COMMON  := $(addprefix cstub/reader/,checksum.c follower.c guest_ram.c nested_tables.c page_walk.c ring.c ring_header.c ring_map.c ring_search.c trace_writer.c)
RECORD_SOURCES := $(READER_COMMON) $(addprefix cstub/reader/,record.c record_options.c tsc_clock.c)

$(BUILD)/acrn-record: $(RECORD_SOURCES) $(READER_HEADERS) | $(BUILD)/
	$(CC) $(READER_CFLAGS) -o $@ $(RECORD_SOURCES)

.PHONY: readers
readers: $(BUILD)/acrn-record
readers: $(BUILD)/libacrn-reader.so

# What Python calls (bindings/library.py): its own functions come first, whatever a debugger exports.
TRACE_SOURCES   := $(addprefix cstub/reader/,checksum.c ring_header.c trace_blocks.c trace_losses.c trace_pass.c trace_reader.c trace_sites.c utf8.c)
SHOWING_SOURCES := $(TRACE_SOURCES) $(addprefix cstub/reader/,asks.c call_counts.c call_slot.c report.c) $(DECODE_SOURCES)
RINGS_SOURCES   := $(addprefix cstub/reader/,call_decoder.c callback.c follower.c following.c ring.c ring_contents.c shared_calls.c shared_taken.c trace_writer.c)
LIBRARY_SOURCES := $(SHOWING_SOURCES) $(RINGS_SOURCES)
LIBRARY_FLAGS   := $(READER_CFLAGS) -O3 -flto=auto -fno-plt -Icstub/decode -I$(BUILD)/decode -fPIC -fno-semantic-interposition -shared -Wl,-Bsymbolic
$(BUILD)/libacrn-reader.so: $(LIBRARY_SOURCES) $(READER_HEADERS) $(DECODE_HEADERS) | $(BUILD)/
	$(CC) $(LIBRARY_FLAGS) -o $@ $(LIBRARY_SOURCES)
# The same with every access checked, for tests of the Python that calls it.
$(BUILD)/checked/libacrn-reader.so: $(LIBRARY_SOURCES) $(READER_HEADERS) $(DECODE_HEADERS) | $(BUILD)/checked/
	$(CC) $(LIBRARY_FLAGS) -O0 -fsanitize=address,undefined -fno-sanitize-recover=all -o $@ $(LIBRARY_SOURCES)

# The readers over hostile input, with every access checked; clang has the fuzzer.
CHECKED := clang $(READER_CFLAGS) -fsanitize=address,undefined -fno-sanitize-recover=all \
	-DMAX_WAITING=9u '-DMAX_WAITING_BYTES=(1u << 20)' -DFOLLOW_AT_ONCE=4096u \
	-DRING_MAX_BROKEN=4u -DCONTENTS_MOST=40u -DCONTENTS_AT_ONCE=4096u
FUZZ := $(CHECKED) -fsanitize=fuzzer
$(BUILD)/fuzz-rings: tests/fuzz/fuzz_rings.c tests/fuzz/input.h $(READER_COMMON) $(READER_HEADERS) | $(BUILD)/
	$(FUZZ) -o $@ $(filter %.c,$^)
$(BUILD)/fuzz-trace: tests/fuzz/fuzz_trace.c tests/fuzz/input.h $(SHOWING_SOURCES) $(READER_HEADERS) $(DECODE_HEADERS) $(BUILD)/acrn.table | $(BUILD)/
	$(FUZZ) -Icstub/decode -I$(BUILD)/decode -DACRN_TABLE='"$(abspath $(BUILD)/acrn.table)"' -o $@ $(filter %.c,$^)
# A hostile guest's RAM, from an input, and from a thread that goes on while it is followed.
FUZZ_GUEST   := $(addprefix tests/fuzz/,followed.c guest_image.c) $(READER_COMMON) cstub/reader/ring_contents.c
FUZZ_HEADERS := $(wildcard tests/fuzz/*.h) $(READER_HEADERS)
$(BUILD)/fuzz-ram: tests/fuzz/fuzz_ram.c $(FUZZ_GUEST) $(FUZZ_HEADERS) | $(BUILD)/
	$(FUZZ) -Wl,--wrap=lseek,--wrap=page_walk,--wrap=trace_loss -o $@ $(filter %.c,$^)
$(BUILD)/scribbling-guest: tests/fuzz/scribbling_guest.c $(FUZZ_GUEST) $(FUZZ_HEADERS) | $(BUILD)/
	$(CHECKED) -pthread -Wl,--wrap=trace_loss -o $@ $(filter %.c,$^)
