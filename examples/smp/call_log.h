/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the guest itself says about each call it made, for a debugger to compare a trace with: stop
 * at call_log_complete() and read call_log[0] to call_log[call_log_count - 1].
 */
#ifndef SMP_CALL_LOG_H
#define SMP_CALL_LOG_H

#include <stdint.h>

#define VCPUS	       2
#define CALLS_OF_VCPU  5000
#define CALL_LOG_SLOTS (VCPUS * CALLS_OF_VCPU)

enum call_context { PROCESS, INTERRUPT };

struct call_log_entry {
	uint32_t vcpu;
	enum call_context context;
	uint64_t nr, arg1, arg2;
	int64_t ret;
};

extern struct call_log_entry call_log[CALL_LOG_SLOTS];
extern uint64_t call_log_count;

/* Timer interrupts that came when ACRN had answered a call and its caller had not run on yet. */
extern uint64_t calls_interrupted[VCPUS];

/* Reserves a slot, from any context; slots are not in the order of the calls. */
struct call_log_entry *call_log_claim(void);

/* Called once, when all calls have been made. Does nothing: a place for a breakpoint. */
void call_log_complete(void);

#endif
