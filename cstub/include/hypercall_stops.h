/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The memory that the QEMU plugin and a debugger share, a file: at which calls the guest is to
 * stop, and where it stands.
 *
 * The plugin makes the file as QEMU starts. The debugger writes its rules while the guest stands,
 * and has a breakpoint at STOPS_ADDRESS, where no guest has code. A vCPU whose call a rule asks
 * for goes there, and `taken` says where it came from; the debugger puts it back. Host-endian, of
 * one machine.
 */
#ifndef HYPERCALL_STOPS_H
#define HYPERCALL_STOPS_H

#include <stdint.h>

#include "hypercall_record.h"

#define STOPS_MAGIC	 0x53504f54534c4348ull /* "HCLSTOPS" */
#define STOPS_VERSION	 1
#define STOPS_ADDRESS	 0x4143524e53544f50ull /* non-canonical */
#define STOPS_RULES	 64u
#define STOPS_CONDITIONS 8u
#define STOPS_VCPUS	 64u

enum stop_what {
	STOP_VCPU,
	STOP_NUMBER,
	STOP_RESULT,
	STOP_ARGUMENT /* the first; then the others */
};
enum stop_how {
	STOP_EQUAL,
	STOP_NOT_EQUAL,
	STOP_LESS,
	STOP_LESS_EQUAL,
	STOP_MORE,
	STOP_MORE_EQUAL
};

/* The result is signed, all else is not. */
struct stop_condition {
	uint32_t what; /* enum stop_what */
	uint32_t how;  /* enum stop_how */
	uint64_t value;
};

/* A call of a row of abi.def whose number is from `first` to `last`, all of whose conditions hold.
 */
struct stop_rule {
	uint32_t abi;
	uint32_t at_return;
	uint32_t conditions;
	uint32_t reserved;
	uint64_t first, last;
	struct stop_condition condition[STOPS_CONDITIONS];
};

/* Where a vCPU that has stopped came from. Sent back there it passes, once; where the debugger
 * makes `place` 0 it stops again. */
struct stop_taken {
	uint64_t place;	  /* where it is to go on: at the call, or behind it; 0: it has */
	uint64_t rsp;	  /* there */
	uint64_t is_back; /* whether it is behind the call */
	uint64_t flags;	  /* of RFLAGS, that are to be set again: IF, or nothing */
	uint64_t site;
	uint64_t cr3; /* and registers, as they were at the call */
	uint64_t before[HYPERCALL_REGISTERS];
};

struct stops {
	uint64_t magic;
	uint32_t version;
	uint32_t debugger; /* its process: without it nothing is stopped */
	uint32_t vcpus;	   /* by the plugin */
	uint32_t rules;
	uint64_t missed; /* by the plugin: calls that a rule asks for, and at which it could not
			    stop */
	struct stop_rule rule[STOPS_RULES];
	struct stop_taken taken[STOPS_VCPUS];
};

_Static_assert(sizeof(struct stop_rule) == 160, "debuggers count on it");
_Static_assert(sizeof(struct stop_taken) == 184, "debuggers count on it");

#endif
