/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Answers calls as they were answered in a trace, in tables that act/mock/compiled_replay.py makes:
 * a head, then queues, calls and places (docs/mock.md says which recorded call a call is).
 */
#ifndef REPLAY_H
#define REPLAY_H

#include "hypercall_shared.h"

#define REPLAY_HOPS 2u

struct replay_head {
	uint32_t queues, calls, places, reserved;
};

/* Calls of one vCPU that are expected in their order, from `first` up to `end`. */
struct replay_queue {
	uint32_t vcpu, first, end, reserved; /* HYPERCALL_UNKNOWN32: of any vCPU */
};

struct replay_call {
	uint32_t abi, places, first_place, reserved;
	uint64_t number, result, sequence;
	char name[HYPERCALL_DONE_TEXT];
};

/* Up to 64 bits of a register, or of memory that it points to: compared with what goes in, or
 * written. A hop is a pointer on the way: bytes in its structure, and behind where it points. */
struct replay_place {
	uint8_t reg, bits, hops;
	uint8_t kind; /* mask of enum replay_place_kind */
	uint32_t bit_offset;
	uint64_t value;
	struct {
		uint32_t offset, beyond;
	} hop[REPLAY_HOPS];
};
enum replay_place_kind { REPLAY_WRITES = 1, REPLAY_IN_MEMORY = 2 };

/* 0, or -1: it is none of this version's. */
int replay_begin(struct shared_head *head);
int replay_is_some(void);
/* The answer, and what was written is; 0, or -1: the recording has none. */
int replay_answer(unsigned int vcpu, const struct hypercall_record *made, uint64_t *result);

#endif
