# SPDX-License-Identifier: BSD-3-Clause
# The guest of bench/throughput.py, with the ring and (plain) without; (flags) whose calls are made behind
# code that computes flags.

BUILD := build
CC    := gcc
.DEFAULT_GOAL := throughput-guest
include cstub/cstub.mk
include cstub/model/model.mk
include examples/examples.mk

OUT := $(BUILD)/bench
SOURCES := bench/throughput_guest/guest.c bench/ring_guest/answer.S examples/lib/guest.c $(BARE_LIB)
RING := -DACRN_RING -DACRN_RING_CONFIG='"ring_config.h"' -Ibench/throughput_guest -I$(CSTUB_OUT)
RING_SOURCES := cstub/src/ring.c cstub/src/watermark.S

.PHONY: throughput-guest
throughput-guest: $(OUT)/throughput.elf $(OUT)/throughput-plain.elf $(OUT)/throughput-flags.elf
$(OUT)/throughput.elf: $(SOURCES) $(RING_SOURCES) $(LINK_SCRIPTS) bench/throughput_guest/ring_config.h
	@mkdir -p $(@D)
	$(CC) $(filter-out -MMD -MP,$(EXAMPLES_CFLAGS)) $(RING) $(EXAMPLES_LDFLAGS) $(GUEST_AT) -o $@ $(filter %.c %.S,$^)
$(OUT)/throughput-flags.elf: THROUGHPUT_FLAGS := -DBEHIND_FLAGS
$(OUT)/throughput-plain.elf $(OUT)/throughput-flags.elf: $(SOURCES) $(LINK_SCRIPTS)
	@mkdir -p $(@D)
	$(CC) $(filter-out -MMD -MP,$(EXAMPLES_CFLAGS)) $(THROUGHPUT_FLAGS) $(EXAMPLES_LDFLAGS) $(GUEST_AT) -o $@ $(filter %.c %.S,$^)
