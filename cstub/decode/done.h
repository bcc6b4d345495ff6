/* SPDX-License-Identifier: BSD-3-Clause */
/* Writes what was done to a call on purpose, as trace/marks.py has it. */
#ifndef DECODE_DONE_H
#define DECODE_DONE_H

#include "call.h"
#include "out.h"

/* Whether one of those things was done. */
int call_has_done(const struct call *call, enum hypercall_what what);

/* Whether its result is of a rule's making. */
int call_is_injected(const struct call *call);

/* "mock", "inject", or NULL: the hypervisor, or whoever that was, answered. */
const char *call_answered_by(const struct call *call);

/* A finding, where the call is not the one that a replayed trace has there. */
void find_departure(struct call *call, struct arena *arena);

/* Keys at the end of its object: `,"injected":["error=EPERM"]`. */
void json_done(struct out *out, const struct call *call);

/* Behind its result: ` (INJECTED)`, ` (DELAYED)`, ` (POKED vm.vmid: 1 => 7)`. */
void text_done(struct out *out, const struct call *call);

/* Whether there is anything but a mock's answer. */
int call_was_tampered_with(const struct call *call);

#endif
