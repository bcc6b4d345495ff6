/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Guests that come to a bad end, one a word of the command line.
 */
#ifndef CRASH_CRASH_H
#define CRASH_CRASH_H

#define ACRN_CALLS_DEF "hypervisor.def"
#include "guest.h"

#ifdef ACRN_RING
#include "acrn_recorder.h"
#endif

/* What a kernel does that knows no way on: says why, and stops with interrupts off. */
_Noreturn void panic(const char *why);

/* The last line that a guest prints before what nothing can be printed after. */
void last_words(void);

/* Lets the other vCPU go on to its part, which it awaits. */
void tell_other_vcpu(void);
void await_other_vcpu(void);

/* A few calls that go well, so that there is something to look back at. */
void make_some_calls(void);

/* calls.c: what becomes of a call. */
void call_hangs(void);
void structure_is_overwritten(void);
void overwrite_structure(void);
void hang_behind_another_call(void);
void error_is_ignored(void);
void creation_fails_with_0(void);
void call_is_not_permitted(void);
void sleep_in_tee_call(void);

/* faults.c: VMCALL itself, or what came back from it. */
void call_without_hypervisor(void);
void fault_is_skipped(void);
void call_from_ring_3(void);
void call_from_user_vm(void);
void use_lost_register(void);
void lose_unused_register(void);

/* rings.c: what becomes of the recorder. */
void ring_is_off(void);
void ring_header_is_overwritten(void);
void ring_records_are_overwritten(void);
void ring_is_torn(void);
void ring_is_lapped(void);

#endif
