/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Decodes a record to a call: its arguments as trees, what changed, and what is wrong with it.
 *
 *   record, table ──call_decode──▶ call ──text.h──▶ a line       ──filter.h──▶ shown or not
 *                                       └─json.h──▶ an object
 */
#ifndef DECODE_CALL_H
#define DECODE_CALL_H

#include <stdint.h>

#include "arena.h"
#include "captured_memory.h"
#include "memory.h"
#include "record.h"
#include "table.h"
#include "value.h"

enum call_status { CALL_RETURNED = 1, CALL_FAULTED, CALL_UNFINISHED, CALL_UNKNOWN };

#define CALL_MOST_MICROS 999999999999000000ull /* no time is more: JSONL has less than 10^12 s */

/* Where in an image a call is made: of a recording's list, or else the address alone. */
struct place {
	struct table_text file, function; /* length 0 and text NULL where it is not known */
	uint64_t line;			  /* 0: not known */
};

/* The file without its folders; it is known. */
static inline struct table_text place_base(const struct place *place)
{
	struct table_text base = place->file;

	for (uint32_t end = base.length; end > 0; end--)
		if (base.text[end - 1] == '/')
			return (struct table_text){base.text + end, base.length - end};
	return base;
}

struct finding {
	struct finding *next;
	const char *kind; /* of trace/finding_kinds.py */
	struct table_text text;
};

struct call {
	const struct record *record;
	uint32_t abi;		/* in TABLE_ABIS, or TABLE_NONE: the record says none that it has */
	uint32_t entry;		/* in TABLE_CALLS, or TABLE_NONE: a number that it does not have */
	struct table_text name; /* "hypercall_0x…" if so */
	struct table_text title; /* as people read it: of another ABI than the first with that's
				    name before it, "kvm:kick_cpu" */
	enum call_status status;
	uint64_t seq;
	uint64_t micros; /* when it was made */
	int has_duration;
	uint64_t duration; /* microseconds */
	int has_result;	   /* it returned, with a result of 32 bits that RAX has by its sign */
	int64_t result;
	uint64_t error; /* that the result is, by its number; 0: none */
	int has_place;
	struct place place;
	int is_dump;				 /* `source`: dump, else ring, or the plugin */
	const struct memory *memory[2];		 /* as struct circumstances has it */
	struct value *argument[TABLE_ARGUMENTS]; /* decoded; NULL where the record has none */
	struct change clobbered[HYPERCALL_REGISTERS];
	uint32_t clobbers;
	struct finding *findings, *last_finding;
	int is_begun;			    /* its entry was shown already */
	struct captured_memory captured[2]; /* `memory`, where the record has it all */
};

/* What does not come with the record itself. */
struct circumstances {
	uint64_t hz; /* ticks a second of a clock of ticks; not 0 */
	uint64_t seq;
	const struct place *place; /* or NULL */
	int is_dump;
	/* At the call, at the return: to be read, instead of what was captured. NULL where it
	   cannot be, as that at the return while the call is in flight. */
	const struct memory *memory[2];
	int is_injected; /* its result is not one that a hypervisor gave */
};

/* The row of the call's ABI, or NULL. */
static inline const uint8_t *abi_of_call(const struct call *call, const struct table *table)
{
	return call->abi == TABLE_NONE ? NULL : abi_entry(table, call->abi);
}

/* Its error, or NULL: it did not fail, or the table has none of that number. */
const uint8_t *error_of_call(const struct call *call, const struct table *table);

/* Decode `record`. arena->is_full says afterwards whether there was too little memory. */
void call_decode(struct call *call, const struct record *record, const struct table *table,
		 const struct circumstances *with, struct arena *arena);

/* Add a finding; `kind` outlives the call, `text` is copied. */
void call_find(struct call *call, struct arena *arena, const char *kind, const char *text,
	       uint32_t length);

/* "rax", "rflags" of an enum hypercall_register. */
const char *register_name(uint32_t reg);

/* Whether it faulted or its result is an error. */
int call_failed(const struct call *call);

/* The clock of its times: enum hypercall_clock, of one that is not known the guest's counter. */
static inline uint8_t call_clock(const struct call *call)
{
	uint8_t clock = call->record->clock;

	return clock && clock <= HYPERCALL_GUEST_NS ? clock : HYPERCALL_TICKS;
}

/* Whether it is decoded where it is made, of memory that can be read. */
static inline int call_is_live(const struct call *call)
{
	return call->memory[0] != NULL;
}

/* How many of the record's arguments are shown: those that the ABI has registers for. */
static inline uint32_t call_registers(const struct call *call, const struct table *table)
{
	const uint8_t *abi = abi_of_call(call, table);
	uint32_t count = abi ? abi_arguments(abi) : call->record->arguments;

	return count < HYPERCALL_ARGUMENTS ? count : HYPERCALL_ARGUMENTS;
}

#endif
