/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every call of ACRN, and what a guest says of one that it makes: a line of the console
 *
 *   EXPECT {"name":…,"nr":…,"args":[…,…],"ret":…,"in":{…},"out":{…}}
 *
 * where "in" has each argument as it was before the call and "out" what pointers lead to
 * afterwards: always where the hypervisor is to write, else where it did. Written from ACRN's own
 * documentation and not from the call table that the tool under test reads.
 */
#ifndef TESTS_CALLS_H
#define TESTS_CALLS_H

#include "statement.h"

enum argument_kind {
	NONE,
	VALUE,	      /* the low `bits` */
	COMMAND,      /* one of `names` */
	PACKED,	      /* the register itself is the structure */
	READ,	      /* a pointer: what the hypervisor reads there */
	WRITTEN,      /* ... writes, */
	READ_WRITTEN, /* ... or both */
};

struct argument {
	enum argument_kind kind;
	const char *name;
	uint8_t bits;
	const struct name *names;
	const struct shape *shape;
};

struct call {
	uint64_t nr;
	const char *name;
	struct argument argument[2];
	uint8_t low; /* what the low byte of the first register selects, where it does */
	bool selects;
};

extern const struct call every_call[];
extern const unsigned calls;

/* The call of that name; the run fails if there is none. */
const struct call *call_named(const char *name);

/* Makes the call with these registers and says so. Returns its result. */
long make(const struct call *call, uint64_t rdi, uint64_t rsi);

static inline bool is_pointer(const struct argument *argument)
{
	return argument->kind >= READ;
}

#endif
