/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdint.h>

#include "apic.h"
#include "traps.h"
#include "x86.h"

#define APIC_BASE	   0xfee00000ull
#define APIC_EOI	   0x0b0
#define APIC_SPURIOUS	   0x0f0
#define APIC_ICR	   0x300
#define APIC_LVT_TIMER	   0x320
#define APIC_INITIAL_COUNT 0x380
#define APIC_DIVIDE	   0x3e0

#define SPURIOUS_ENABLE	   0x100
#define TIMER_PERIODIC	   0x20000
#define LVT_MASKED	   0x10000
#define DIVIDE_BY_1	   0xb
#define TIMER_HERTZ	   1000000000 /* QEMU's, always */
#define ICR_OTHERS_INIT	   0xc4500
#define ICR_OTHERS_STARTUP 0xc4600

#define PIC1_MASK 0x21
#define PIC2_MASK 0xa1

static void apic_write(unsigned reg, uint32_t value)
{
	*(volatile uint32_t *)(APIC_BASE + reg) = value;
}

void apic_init(void)
{
	outb(PIC1_MASK, 0xff);
	outb(PIC2_MASK, 0xff);
	apic_write(APIC_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
}

void apic_timer_start(unsigned hertz)
{
	apic_write(APIC_DIVIDE, DIVIDE_BY_1);
	apic_write(APIC_LVT_TIMER, TIMER_PERIODIC | VECTOR_TIMER);
	apic_write(APIC_INITIAL_COUNT, TIMER_HERTZ / hertz);
}

void apic_timer_stop(void)
{
	apic_write(APIC_LVT_TIMER, LVT_MASKED);
	apic_write(APIC_INITIAL_COUNT, 0);
}

void apic_end_of_interrupt(void)
{
	apic_write(APIC_EOI, 0);
}

void apic_start_others(unsigned page)
{
	apic_write(APIC_ICR, ICR_OTHERS_INIT);
	apic_write(APIC_ICR, ICR_OTHERS_STARTUP | page / PAGE_SIZE);
}
