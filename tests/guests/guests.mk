# SPDX-License-Identifier: BSD-3-Clause
# Guests that say themselves what a trace of them is to show, for each compiler, with and without debug
# information and symbols. Included by the Makefile after examples/examples.mk; alone:
# make -f tests/guests/guests.mk.

ifeq ($(EXAMPLES_CFLAGS),)
BUILD := build
CC    := gcc
.DEFAULT_GOAL := stating-guests
include cstub/model/model.mk
include examples/examples.mk
endif

STATING_OUT := $(BUILD)/tests/stating
STATING_GUESTS := $(basename $(notdir $(wildcard tests/guests/*.c)))
STATING_COMPILERS := gcc clang
STATING_BUILDS := .elf -nodebug.elf -stripped.elf
STATING_LIB := $(wildcard tests/guests/lib/*.c) $(BARE_LIB) examples/lib/guest.c

.PHONY: stating-guests
stating-guests: $(foreach c,$(STATING_COMPILERS),$(foreach b,$(STATING_BUILDS), \
	$(patsubst %,$(STATING_OUT)/$(c)/%$(b),$(STATING_GUESTS))))

define stating-compiler
$(STATING_OUT)/$(1)/%: CC := $(1)
$(STATING_OUT)/$(1)/obj/%.o: %.c
	@mkdir -p $$(@D)
	$$(CC) $(EXAMPLES_CFLAGS) -I. -Itests/guests/lib -c -o $$@ $$<
$(STATING_OUT)/$(1)/obj/%.o: %.S
	@mkdir -p $$(@D)
	$$(CC) $(EXAMPLES_CFLAGS) -c -o $$@ $$<
$(foreach g,$(STATING_GUESTS),$(STATING_OUT)/$(1)/$(g).elf): $(STATING_OUT)/$(1)/%.elf: \
		$(STATING_OUT)/$(1)/obj/tests/guests/%.o \
		$(patsubst %,$(STATING_OUT)/$(1)/obj/%.o,$(basename $(STATING_LIB))) $(LINK_SCRIPTS)
	$$(call link-image,$$(GUEST_AT))
endef
$(foreach compiler,$(STATING_COMPILERS),$(eval $(call stating-compiler,$(compiler))))

%-nodebug.elf: %.elf
	objcopy --strip-debug $< $@
%-stripped.elf: %.elf
	objcopy --strip-all $< $@

-include $(shell find $(STATING_OUT) -name '*.d' 2>/dev/null)
