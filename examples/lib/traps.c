/* SPDX-License-Identifier: BSD-3-Clause */
#include "traps.h"
#include "console.h"
#include "machine.h"
#include "x86.h"

#define TRAP_ENTRY_SIZE	   16
#define GATE_INTERRUPT	   0x8e00 /* present, interrupts off */
#define EXCEPTION_STACK	   1
#define VECTORS_EXCEPTIONS 32

struct gate {
	uint16_t offset_low, selector, attributes, offset_middle;
	uint32_t offset_high, reserved;
};

extern char trap_entries[];

static struct gate idt[TRAP_VECTORS] __attribute__((aligned(16)));
static trap_handler handlers[TRAP_VECTORS];

void traps_set_handler(unsigned vector, trap_handler handler)
{
	handlers[vector] = handler;
}

void handle_trap(struct trap_frame *frame)
{
	trap_handler handler = handlers[frame->vector];

	if (frame->vector == VECTOR_SPURIOUS || (handler && !handler(frame)))
		return;
	print("unexpected exception %lu, error code %#lx, at %#lx, stack %#lx\n", frame->vector,
	      frame->error, frame->rip, frame->rsp);
	machine_fail();
}

static void fill_gate(unsigned vector)
{
	uint64_t entry = (uint64_t)trap_entries + vector * TRAP_ENTRY_SIZE;
	uint16_t stack = vector < VECTORS_EXCEPTIONS ? EXCEPTION_STACK : 0;

	idt[vector] = (struct gate){.offset_low = entry,
				    .selector = SELECTOR_CODE64,
				    .attributes = GATE_INTERRUPT | stack,
				    .offset_middle = entry >> 16,
				    .offset_high = entry >> 32};
}

void traps_init(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) pointer = {sizeof(idt) - 1, (uint64_t)idt};

	for (unsigned vector = 0; vector < TRAP_VECTORS; vector++)
		fill_gate(vector);
	__asm__ volatile("lidt %0" : : "m"(pointer));
}
