/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The calling CPU's local APIC (xAPIC), at its usual address in the identity mapping.
 */
#ifndef EXAMPLES_APIC_H
#define EXAMPLES_APIC_H

/* Masks the two 8259s as well; no interrupt but the local APIC's arrives afterwards. */
void apic_init(void);

/* Periodic interrupts on VECTOR_TIMER, `hertz` a second of QEMU's virtual time. */
void apic_timer_start(unsigned hertz);
void apic_timer_stop(void);
void apic_end_of_interrupt(void);

/* INIT, then SIPI, to every other CPU; they start in real mode at `page`, which is below 1 MiB. */
void apic_start_others(unsigned page);

#endif
