# SPDX-License-Identifier: BSD-3-Clause
# The examples: freestanding images, guests and the hypervisor. Included by the Makefile, which sets CC
# and BUILD, after cstub/model/model.mk (MODEL_SOURCES). `make examples` builds all of them;
# LDFLAGS=-fuse-ld=lld works as well.

EXAMPLES := hello service smp clobber recorder

EXAMPLES_OUT := $(BUILD)/examples
EXAMPLES_INCLUDE := examples/lib examples/hypervisor cstub/include cstub/model $(EXAMPLES_OUT)/obj
EXAMPLES_CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Werror -ffreestanding -fno-pie -fno-stack-protector \
	-fcf-protection=none -mcmodel=kernel -mno-red-zone -mgeneral-regs-only -fno-omit-frame-pointer \
	-fno-asynchronous-unwind-tables -ffunction-sections -MMD -MP $(addprefix -I,$(EXAMPLES_INCLUDE))
EXAMPLES_LDFLAGS := -nostdlib -static -T examples/lib/image.ld -L cstub -Wl,--gc-sections \
	-Wl,--build-id=none -Wl,-z,max-page-size=4096 -Wl,-z,noexecstack

# Physical and virtual start of each kind of image; the last two differ only in the virtual one.
AT = -Wl,--defsym,IMAGE_PHYSICAL=$(1) -Wl,--defsym,IMAGE_VIRTUAL=$(2)
GUEST_AT := $(call AT,0x400000,0xffffffff80400000)
HYPERVISOR_AT := $(call AT,0x2000000,0xffffffffc0800000)
COINCIDE_AT := $(call AT,0x2000000,0xffffffff80400000)

# Objects of the source files $(1).
examples-objects = $(patsubst %,$(EXAMPLES_OUT)/obj/%.o,$(basename $(1)))
BARE_LIB := $(addprefix examples/lib/,boot.S trap_entries.S apic.c console.c machine.c percpu.c \
	second_cpu.c traps.c)
HYPERVISOR_SOURCES := $(filter-out %/asm-offsets.c %/coincide.S %/lies.S %/moved.c,$(wildcard examples/hypervisor/*.[cS])) \
	$(BARE_LIB) $(MODEL_SOURCES)
guest-sources = $(wildcard examples/$(1)/*.[cS]) $(BARE_LIB) examples/lib/guest.c $(CSTUB_SCRATCH)
hello-EXTRA := examples/lib/emulated_acrn.c $(MODEL_SOURCES)
recorder-EXTRA := $(CSTUB_RING) $(CSTUB_TRAMPOLINE)

EXAMPLES_IMAGES := $(patsubst %,$(EXAMPLES_OUT)/%.elf,$(EXAMPLES) hypervisor hypervisor-coincide hypervisor-lies \
	hypervisor-moved)

.PHONY: examples

LINK_SCRIPTS := examples/lib/image.ld cstub/acrn_sites.ld
link-image = $(CC) $(EXAMPLES_LDFLAGS) $(LDFLAGS) $(1) -o $@ $(filter %.o,$^)
define guest-image
$(EXAMPLES_OUT)/$(1).elf: $(call examples-objects,$(call guest-sources,$(1)) $($(1)-EXTRA)) $(LINK_SCRIPTS)
	$$(call link-image,$$(GUEST_AT))
endef
$(foreach guest,$(EXAMPLES),$(eval $(call guest-image,$(guest))))

include examples/crash/crash.mk
$(foreach image,$(CRASH_IMAGES),$(eval $(call crash-image,$(image))))

$(EXAMPLES_OUT)/hypervisor.elf: $(call examples-objects,$(HYPERVISOR_SOURCES)) $(LINK_SCRIPTS)
	$(call link-image,$(HYPERVISOR_AT))
$(EXAMPLES_OUT)/hypervisor-coincide.elf: $(call examples-objects,$(HYPERVISOR_SOURCES) \
		examples/hypervisor/coincide.S) $(LINK_SCRIPTS)
	$(call link-image,$(COINCIDE_AT))

examples: $(EXAMPLES_IMAGES)

$(EXAMPLES_OUT)/hypervisor-lies.elf: $(call examples-objects,$(HYPERVISOR_SOURCES) \
		examples/hypervisor/lies.S) $(LINK_SCRIPTS)
	$(call link-image,$(HYPERVISOR_AT))

$(EXAMPLES_OUT)/hypervisor-moved.elf: $(call examples-objects,$(HYPERVISOR_SOURCES) \
		examples/hypervisor/moved.c) $(LINK_SCRIPTS)
	$(call link-image,$(HYPERVISOR_AT))

$(EXAMPLES_OUT)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(EXAMPLES_CFLAGS) -c -o $@ $<
$(EXAMPLES_OUT)/obj/%.o: %.S
	@mkdir -p $(@D)
	$(CC) $(EXAMPLES_CFLAGS) -c -o $@ $<

$(EXAMPLES_OUT)/obj/examples/recorder/%.o $(EXAMPLES_OUT)/obj/cstub/src/%.o: EXAMPLES_CFLAGS += \
	-DACRN_TRAMPOLINE -DACRN_RING_CONFIG='"ring_config.h"' -Iexamples/recorder -I$(CSTUB_OUT)
$(EXAMPLES_OUT)/obj/cstub/src/trampoline.o: $(CSTUB_OUT)/acrn_asm_offsets.h

$(EXAMPLES_OUT)/obj/asm-offsets.h: examples/hypervisor/asm-offsets.c
	@mkdir -p $(@D)
	$(CC) $(EXAMPLES_CFLAGS) -MT $@ -S -o $(@:.h=.s) $<
	sed -n 's/.*"@\(.*\)@".*/\1/p' $(@:.h=.s) > $@
$(EXAMPLES_OUT)/obj/examples/hypervisor/vcpu_run.o: $(EXAMPLES_OUT)/obj/asm-offsets.h

-include $(shell find $(EXAMPLES_OUT) -name '*.d' 2>/dev/null)
