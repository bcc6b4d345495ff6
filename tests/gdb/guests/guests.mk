# SPDX-License-Identifier: BSD-3-Clause
# The guests of the tests: one source file each, linked like the examples, answering their own calls.

BUILD := build
CC    := gcc
.DEFAULT_GOAL := test-guests
include cstub/cstub.mk
include cstub/model/model.mk
include examples/examples.mk

TEST_GUESTS := $(patsubst tests/gdb/guests/%.c,$(BUILD)/tests/guests/%.elf,$(wildcard tests/gdb/guests/*.c)) \
	$(BUILD)/tests/guests/service_changed.elf $(BUILD)/tests/guests/wrong_calls_ring.elf
TEST_LIB := $(BARE_LIB) examples/lib/guest.c tests/gdb/guests/lib/answer.c tests/gdb/guests/lib/calls.S

.PHONY: test-guests
test-guests: $(TEST_GUESTS)

# Those that begin without asking CPUID where they are.
BARE_GUESTS := $(patsubst %,$(BUILD)/tests/guests/%.elf,nocpuid signed filled_page)
$(BARE_GUESTS): $(BUILD)/tests/guests/%.elf: $(EXAMPLES_OUT)/obj/tests/gdb/guests/%.o $(call examples-objects,$(BARE_LIB)) examples/lib/image.ld
	@mkdir -p $(@D)
	$(call link-image,$(GUEST_AT))

$(BUILD)/tests/guests/%.elf: $(EXAMPLES_OUT)/obj/tests/gdb/guests/%.o $(call examples-objects,$(TEST_LIB)) examples/lib/image.ld
	@mkdir -p $(@D)
	$(call link-image,$(GUEST_AT))

# One whose calls only a mock answers.
$(BUILD)/tests/guests/mixed.elf: $(EXAMPLES_OUT)/obj/tests/gdb/guests/mixed.o $(call examples-objects,$(BARE_LIB) examples/lib/guest.c) examples/lib/image.ld
	@mkdir -p $(@D)
	$(call link-image,$(GUEST_AT))

# Those that are answered by the example hypervisor, and the twin of one that records itself.
WRONG_LIB := $(call examples-objects,$(BARE_LIB) examples/lib/guest.c)
ANSWERED := $(patsubst %,$(BUILD)/tests/guests/%.elf,wrong_calls made_code outrun recorded behind refused)
$(ANSWERED): $(BUILD)/tests/guests/%.elf: $(EXAMPLES_OUT)/obj/tests/gdb/guests/%.o $(WRONG_LIB) $(LINK_SCRIPTS)
	@mkdir -p $(@D)
	$(call link-image,$(GUEST_AT))
RECORDING := $(EXAMPLES_OUT)/obj/wrong_calls_ring.o
$(RECORDING): tests/gdb/guests/wrong_calls.c $(CSTUB_OUT)/acrn_asm_offsets.h
	@mkdir -p $(@D)
	$(CC) $(EXAMPLES_CFLAGS) -DACRN_TRAMPOLINE -DACRN_RING_CONFIG='"ring_config.h"' -Iexamples/recorder -I$(CSTUB_OUT) -c -o $@ $<
$(BUILD)/tests/guests/wrong_calls_ring.elf: $(RECORDING) $(WRONG_LIB) $(call examples-objects,$(recorder-EXTRA)) $(LINK_SCRIPTS)
	@mkdir -p $(@D)
	$(call link-image,$(GUEST_AT))

# The service example, with an argument of one call changed.
CHANGED := $(EXAMPLES_OUT)/obj/service_changed
$(CHANGED).c: examples/service/service.c
	@mkdir -p $(@D)
	sed 's/set_entry_point(vm, 0x200)/set_entry_point(vm, 0x300)/' $< >$@
$(CHANGED).o: EXAMPLES_CFLAGS += -Iexamples/service
$(CHANGED).o: $(CHANGED).c
	$(CC) $(EXAMPLES_CFLAGS) -c -o $@ $<
$(BUILD)/tests/guests/service_changed.elf: $(CHANGED).o $(filter-out %/service.o,$(call examples-objects,$(call guest-sources,service))) $(LINK_SCRIPTS)
	@mkdir -p $(@D)
	$(call link-image,$(GUEST_AT))
