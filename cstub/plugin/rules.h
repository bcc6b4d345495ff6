/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is to be done to calls by rules, in tables of a fixed size that act/compiled_rules.py makes:
 * a head, then its rules, calls and pokes. Injected (docs/inject.md) or mocked with fixed results.
 */
#ifndef RULES_H
#define RULES_H

#include "hypercall_shared.h"

#define RULES_MOST   64u
#define RULES_ANY    0xffffffffu /* ABI */
#define RULES_HOPS   4u
#define RULE_ANSWERS 1u
#define RULE_IS_MOCK 2u

struct rules_head {
	uint32_t rules, calls, pokes, reserved;
};

/* The first rule that answers wins; delays and pokes of all add up. Sides: 0 call, 1 return. */
struct rules_rule {
	uint32_t flags, reserved;
	uint64_t result;
	uint64_t delay[2];	    /* nanoseconds */
	uint64_t first, last, step; /* of the calls that it is for, counted from 1 */
	char answer[HYPERCALL_DONE_TEXT], delayed[2][HYPERCALL_DONE_TEXT]; /* as it is told */
};

/* Calls that a rule is for. */
struct rules_calls {
	uint32_t rule, abi;
	uint64_t first, last; /* numbers */
};

/* A pointer on the way: bytes in its structure, and behind where it points. */
struct rules_hop {
	uint32_t offset, size, beyond;
	uint32_t index, count_offset, count_size; /* bits; size 0: of one thing, not of an array */
};

/* Bits of a register, or of memory that a register points to, in calls that a rule is for. */
struct rules_poke {
	uint32_t rule, side, abi, reg;
	uint64_t first, last; /* numbers */
	uint32_t is_in_memory, hops, bit_offset, bit_size;
	uint64_t value;
	struct rules_hop hop[RULES_HOPS];
	char text[HYPERCALL_DONE_TEXT];
};

/* 0, or -1: they are none of this version's. */
int rules_begin(struct shared_head *head);
int rules_are_some(void);
/* A new call: poke what is to be poked. Whether its registers are others now. */
int rules_enter(unsigned int vcpu, const struct hypercall_record *made);
/* Add to a call's record a block of what was done, if there is room. */
void rules_tell(struct shared_slot *slot, const struct hypercall_done *done, uint32_t many);
/* Add to its record what was done. */
void rules_entered(unsigned int vcpu, struct shared_slot *slot);
/* It is back: poke, and add to its record. */
void rules_leave(unsigned int vcpu, struct shared_slot *slot);
/* Nanoseconds for which the guest is to be held, of a call's side that was the last: once. */
uint64_t rules_delay(unsigned int vcpu);
/* The answer to the vCPU's newest call: whether there is one. */
int rules_answer(unsigned int vcpu, uint64_t *result);

#endif
