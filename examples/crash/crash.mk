# The crash guests: one source, built with the trampoline, with the plain ring, and without a recorder.
# Included by examples.mk.

CRASH_OUT := $(EXAMPLES_OUT)/obj-crash
CRASH_IMAGES := crash crash-ring crash-bare
CRASH_SOURCES := $(wildcard examples/crash/*.c) $(BARE_LIB) examples/lib/guest.c
CRASH_RING := -DACRN_RING -DACRN_RING_CONFIG='"ring_config.h"' -Iexamples/crash -Icstub/src -I$(CSTUB_OUT)

crash-FLAGS := -DACRN_TRAMPOLINE $(CRASH_RING)
crash-SOURCES := $(CRASH_SOURCES) $(CSTUB_RING) $(CSTUB_TRAMPOLINE)
crash-ring-FLAGS := $(CRASH_RING)
crash-ring-SOURCES := $(CRASH_SOURCES) $(CSTUB_RING)
crash-bare-FLAGS := -Iexamples/crash
crash-bare-SOURCES := $(CRASH_SOURCES)

EXAMPLES_IMAGES += $(CRASH_IMAGES:%=$(EXAMPLES_OUT)/%.elf)

define crash-image
$(EXAMPLES_OUT)/$(1).elf: $(patsubst %,$(CRASH_OUT)/$(1)/%.o,$(basename $($(1)-SOURCES))) $(LINK_SCRIPTS)
	$$(call link-image,$$(GUEST_AT))
$(CRASH_OUT)/$(1)/%.o: %.c
	@mkdir -p $$(@D)
	$$(CC) $$(EXAMPLES_CFLAGS) $($(1)-FLAGS) -c -o $$@ $$<
$(CRASH_OUT)/$(1)/%.o: %.S
	@mkdir -p $$(@D)
	$$(CC) $$(EXAMPLES_CFLAGS) $($(1)-FLAGS) -c -o $$@ $$<
$(CRASH_OUT)/$(1)/cstub/src/trampoline.o: $(CSTUB_OUT)/acrn_asm_offsets.h
endef
