# The include path of the C stub. Without the recorder everything in it is headers.
CSTUB_CFLAGS := -Icstub/include

# What a guest that is compiled with -DACRN_RING links, and with -DACRN_TRAMPOLINE besides; compiled
# with the guest's own flags, -mgeneral-regs-only among them. trampoline.S includes the header that is
# generated in CSTUB_OUT.
CSTUB_RING := $(addprefix cstub/src/,ring.c capture.c fault.c watermark.S)
CSTUB_TRAMPOLINE := $(addprefix cstub/src/,changed_registers.c trampoline.S)
# What any guest may link, for calls made by hand from the debugger (docs/call.md).
CSTUB_SCRATCH := cstub/src/scratch.S
CSTUB_OUT := $(BUILD)/cstub

$(CSTUB_OUT)/acrn_asm_offsets.h: cstub/src/asm-offsets.c $(wildcard cstub/src/*.h cstub/include/acrn_*.h)
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -ffreestanding -DACRN_TRAMPOLINE $(CSTUB_CFLAGS) -S -o $(@:.h=.s) $<
	sed -n 's/.*"@\(.*\)@".*/\1/p' $(@:.h=.s) > $@
