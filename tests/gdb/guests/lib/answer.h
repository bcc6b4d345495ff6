/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls that the guest answers itself: VMCALL is an invalid opcode without a hypervisor, and the
 * handler of that exception is a place where one call is surely in flight, at a time that the test
 * chooses.
 */
#ifndef TESTS_ANSWER_H
#define TESTS_ANSWER_H

#include "guest.h"
#include "traps.h"

#define NR		   0x80000099ul /* in no table */
#define NESTED_STACK_BELOW 0x800

/*
 * Each guest's own. Runs while the call of `frame` is in flight, may make calls, and returns true
 * if the call is to be answered: with the number of calls answered before. Else the guest goes on
 * as the frame says.
 */
bool while_in_flight(struct trap_frame *frame);

/* One call at one site, for all who call this. */
long call_once(uint64_t nr, uint64_t arg1, uint64_t arg2);

/* Where a call of call_once() comes back; called as a function it makes no call. */
void past_the_call(void);

/* Two calls at adjacent sites: the second's result. */
long call_twice(uint64_t nr, uint64_t arg1, uint64_t arg2);

#endif
