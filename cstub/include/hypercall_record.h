/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A record of one hypercall, version 2: what an engine writes and a trace file keeps.
 *
 * 160 bytes, then blocks; all little-endian. The ring in a guest writes struct acrn_record
 * (acrn_ring.h), which is the older and smaller; readers make this of it. What a writer does not
 * know is HYPERCALL_UNKNOWN64, HYPERCALL_UNKNOWN32 or 0, as each field says; readers skip blocks of
 * kinds that they do not know.
 */
#ifndef HYPERCALL_RECORD_H
#define HYPERCALL_RECORD_H

#include <stdint.h>

#define HYPERCALL_RECORD_VERSION 2
#define HYPERCALL_RECORD_SIZE	 160u	    /* of what is before the blocks */
#define HYPERCALL_RECORD_MOST	 (1u << 16) /* bytes with all blocks; a reader refuses more */
#define HYPERCALL_ARGUMENTS	 6
#define HYPERCALL_UNKNOWN32	 0xffffffffu
#define HYPERCALL_UNKNOWN64	 0xffffffffffffffffull

/* In the order of the instruction encoding; also the bits of masks. */
enum hypercall_register {
	HYPERCALL_RAX,
	HYPERCALL_RCX,
	HYPERCALL_RDX,
	HYPERCALL_RBX,
	HYPERCALL_RSP,
	HYPERCALL_RBP,
	HYPERCALL_RSI,
	HYPERCALL_RDI,
	HYPERCALL_R8,
	HYPERCALL_R9,
	HYPERCALL_R10,
	HYPERCALL_R11,
	HYPERCALL_R12,
	HYPERCALL_R13,
	HYPERCALL_R14,
	HYPERCALL_R15,
	HYPERCALL_RFLAGS,
	HYPERCALL_REGISTERS,
};

enum hypercall_state {
	HYPERCALL_CALLED = 2,	/* in flight: `result`, `leave`, what the blocks say of the return
				   mean nothing */
	HYPERCALL_RETURNED = 4, /* as in a ring (enum acrn_record_state) */
};

enum hypercall_clock {
	HYPERCALL_TICKS = 1,	   /* of the guest's time-stamp counter */
	HYPERCALL_NANOSECONDS = 2, /* of the host, since the epoch */
	HYPERCALL_GUEST_NS = 3,	   /* of the guest's virtual time, since it began */
};

#define HYPERCALL_FAULTED     1 /* the instruction raised an exception: there is no result */
#define HYPERCALL_OVERWRITTEN 2 /* how it ended was overwritten before it was read */
#define HYPERCALL_ANSWERED    4 /* by the engine, in the hypervisor's stead */
#define HYPERCALL_WAS_READ    8 /* the blocks have all that was to be read for the arguments */

struct hypercall_record {
	uint32_t size; /* of this and its blocks, a multiple of 8 */
	uint8_t version;
	uint8_t state;	   /* enum hypercall_state */
	uint8_t clock;	   /* enum hypercall_clock */
	uint8_t arguments; /* how many of `argument` are of this call, to HYPERCALL_ARGUMENTS */
	uint32_t abi;	   /* a row of abi.def, from 0; HYPERCALL_UNKNOWN32 */
	uint32_t flags;
	uint32_t ring; /* one for each writer: sequences count in it */
	uint32_t reserved;
	uint32_t vcpu;	      /* that made the call; HYPERCALL_UNKNOWN32 */
	uint32_t return_vcpu; /* on which it came back; HYPERCALL_UNKNOWN32 */
	uint64_t sequence;
	uint64_t entry; /* when the call was made, in units of `clock` */
	uint64_t leave; /* when it was back */
	uint64_t site;	/* virtual address of the instruction */
	uint64_t cr3;	/* HYPERCALL_UNKNOWN64 */
	uint64_t rsp;	/* HYPERCALL_UNKNOWN64 */
	uint64_t number;
	uint64_t argument[HYPERCALL_ARGUMENTS];
	uint64_t result;
	uint64_t reserved_too[2];
};

/* What stands behind it: blocks back to back, each a multiple of 8 bytes with its head. */
struct hypercall_block {
	uint16_t kind;
	uint16_t flags;
	uint32_t size; /* of what follows, before it is filled up to a multiple of 8 */
};

enum hypercall_block_kind {
	HYPERCALL_ENTRY_REGISTERS = 1,	/* u64 [HYPERCALL_REGISTERS], at the call */
	HYPERCALL_RETURN_REGISTERS = 2, /* the same at the return */
	HYPERCALL_CHANGED = 3,	     /* struct hypercall_changed, for each register that changed */
	HYPERCALL_CAPTURED_IN = 4,   /* u64 address, as the ABI has them, then memory at the call */
	HYPERCALL_CAPTURED_OUT = 5,  /* the same at the return; with HYPERCALL_WAS_READ what is as
					it was at the call is not there twice */
	HYPERCALL_UNREADABLE_IN = 6, /* u64 address, u64 bytes, then in ASCII why they could not be
					read at the call */
	HYPERCALL_UNREADABLE_OUT = 7, /* the same at the return */
	HYPERCALL_DONE = 8, /* struct hypercall_done, for each thing that was done to the call */
};

struct hypercall_changed {
	uint32_t reg; /* enum hypercall_register */
	uint32_t reserved;
	uint64_t before;
	uint64_t after;
};

/* Done on purpose, by whoever traces. The numbers of a poke are before and after it. */
enum hypercall_what {
	HYPERCALL_INJECTED = 1, /* with HYPERCALL_ANSWERED: that is how */
	HYPERCALL_MOCKED,	/* the same: this call's result is singled out */
	HYPERCALL_DELAYED,
	HYPERCALL_POKED,
	HYPERCALL_NOT_POKED,	    /* nothing can be changed at the address `before` */
	HYPERCALL_NOT_POKED_BEYOND, /* there are so many elements as `before` says */
	HYPERCALL_REPLAYED,	    /* with HYPERCALL_ANSWERED: as in a trace */
	HYPERCALL_DEPARTS, /* the trace has call `text` there, of sequence `before`; "": none */
};

#define HYPERCALL_DONE_TEXT 48

struct hypercall_done {
	uint8_t what; /* enum hypercall_what */
	uint8_t bits; /* of the numbers */
	uint8_t reserved[6];
	uint64_t before, after;
	char text[HYPERCALL_DONE_TEXT]; /* ASCII, then zeros: "error=EPERM", "poke_exit vm.vmid" */
};

_Static_assert(sizeof(struct hypercall_done) == 72, "readers count on it");
_Static_assert(sizeof(struct hypercall_record) == HYPERCALL_RECORD_SIZE, "readers count on it");
_Static_assert(sizeof(struct hypercall_block) == 8, "readers count on it");
_Static_assert(sizeof(struct hypercall_changed) == 24, "readers count on it");

#endif
