/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads the entries of a table (table.h): what each says, by name.
 *
 * NAME(entry) is the number at an offset of the entry, of 8 to 64 bits; it is a multiple of its
 * own size there. `entry` is one of the kind that the name begins with.
 */
#ifndef DECODE_TABLE_ENTRIES_H
#define DECODE_TABLE_ENTRIES_H

#include <stdint.h>

#include "bytes.h"

static inline uint8_t load8(const uint8_t *at)
{
	return *at;
}

#define ENTRY_NUMBER(bits, name, at)                                                               \
	static inline uint##bits##_t name(const uint8_t *entry)                                    \
	{                                                                                          \
		return load##bits(entry + (at));                                                   \
	}                                                                                          \
	_Static_assert((at) % (bits / 8) == 0, #name " is aligned")

#define ENTRY_U8(name, at)  ENTRY_NUMBER(8, name, at)
#define ENTRY_U16(name, at) ENTRY_NUMBER(16, name, at)
#define ENTRY_U32(name, at) ENTRY_NUMBER(32, name, at)
#define ENTRY_U64(name, at) ENTRY_NUMBER(64, name, at)

/*
 * A hypervisor's ABI: abi.def's row. A number of a call other than base | index bits is a finding,
 * when index is not 0.
 */
#define TABLE_ABI_SIZE 40
ENTRY_U32(abi_name, 0);	     /* text */
ENTRY_U32(abi_number, 4);    /* enum hypercall_register */
ENTRY_U32(abi_arguments, 8); /* how many */
ENTRY_U8(abi_result, 18);    /* enum hypercall_register */
ENTRY_U8(abi_flags, 19);     /* ABI_… */
ENTRY_U32(abi_lost, 20);     /* mask of enum hypercall_register: may change across any call */
ENTRY_U64(abi_number_base, 24);
ENTRY_U64(abi_number_index, 32); /* mask: what the hypervisor looks at */

#define ABI_STATUS	    1 /* bits 15 to 0 of the result are an error; else it is one negated */
#define ABI_LOSES_ARGUMENTS 2 /* a call may change the registers of its arguments */

/* The register of an argument: enum hypercall_register. */
static inline uint8_t abi_argument(const uint8_t *abi, uint32_t index)
{
	return abi[12 + index]; /* u8[TABLE_ARGUMENTS] */
}

#define TABLE_CALL_SIZE 40
ENTRY_U64(call_number, 0);
ENTRY_U32(call_name, 8);
ENTRY_U32(call_first_argument, 12);
ENTRY_U32(call_arguments, 16);	/* how many, to TABLE_ARGUMENTS */
ENTRY_U32(call_may_change, 20); /* mask of enum hypercall_register */
ENTRY_U32(call_first_rule, 24); /* of results */
ENTRY_U32(call_rules, 28);
ENTRY_U32(call_abi, 32);   /* index */
ENTRY_U32(call_title, 36); /* its name among those of all hypervisors: "kvm:kick_cpu" */

enum table_argument {
	ARGUMENT_VALUE = 1,
	ARGUMENT_VMID,
	ARGUMENT_ENUM,
	ARGUMENT_PACKED,
	ARGUMENT_PTR,
	ARGUMENT_ADDR,
	ARGUMENT_PASS,
};

enum table_direction {
	DIRECTION_IN = 1,
	DIRECTION_OUT = 2,
	DIRECTION_INOUT = 3,
	DIRECTION_REGISTERS = 4 /* of a case: it is in registers itself, which have no address */
};

#define TABLE_ARGUMENT_SIZE 20
ENTRY_U8(argument_kind, 0);	 /* enum table_argument */
ENTRY_U8(argument_direction, 1); /* enum table_direction */
ENTRY_U8(argument_bits, 2);	 /* that the hypervisor reads: 8, 16, 32, 64 */
ENTRY_U8(argument_flags, 3);	 /* TABLE_QUOTED */
ENTRY_U32(argument_name, 4);
ENTRY_U32(argument_type, 8);	   /* of PTR what it points at, of PACKED the structure; or NONE */
ENTRY_U32(argument_enum, 12);	   /* of ENUM an index; or NONE */
ENTRY_U32(argument_selection, 16); /* of ADDR, what it points at: an index; or NONE */

#define TABLE_QUOTED 1 /* as FIELD_QUOTED */

enum table_type {
	TYPE_SCALAR = 1,
	TYPE_ARRAY,
	TYPE_STRUCT,
	TYPE_UNION,
	TYPE_HIDDEN,
	TYPE_UNKNOWN, /* what something points at, of which there is a name alone */
};

#define TYPE_SIGNED  1
#define TYPE_BOOLEAN 2

/*
 * An element's and a field's type have a smaller depth than the type that has them: there are no
 * cycles, and no more than TABLE_DEEPEST types in each other. A pointer (a field's pointee) may
 * lead to any type.
 */
#define TABLE_TYPE_SIZE 24
ENTRY_U8(type_kind, 0);	     /* enum table_type */
ENTRY_U8(type_flags, 1);     /* TYPE_… */
ENTRY_U8(type_alignment, 2); /* 1, 2, 4, 8 */
ENTRY_U8(type_depth, 3);
ENTRY_U32(type_size, 4);	 /* bytes; of a SCALAR 1 to 8 */
ENTRY_U32(type_name, 8);	 /* of a STRUCT, UNION, UNKNOWN; may be empty */
ENTRY_U32(type_enum, 12);	 /* of a SCALAR; or NONE */
ENTRY_U32(type_element, 12);	 /* of an ARRAY: a type */
ENTRY_U32(type_first_field, 12); /* of a STRUCT, UNION */
ENTRY_U32(type_elements, 16);	 /* of an ARRAY: how many, of 1 byte at least */
ENTRY_U32(type_fields, 16);	 /* of a STRUCT, UNION: how many; of others 0 */
ENTRY_U32(type_size_rule, 20);	 /* index, of a structure that says its own size; or NONE */

#define FIELD_OUT      1   /* the hypervisor writes it */
#define FIELD_TEXT     2   /* characters up to the first NUL */
#define FIELD_FLAGS    4   /* a set of the enumeration's values */
#define FIELD_HEX      8   /* shown in hexadecimal, as all that have 64 bits */
#define FIELD_BOOL     16  /* 0 or 1 */
#define FIELD_RESERVED 32  /* in the tree only where it is not 0 */
#define FIELD_SECRET   64  /* never shown */
#define FIELD_QUOTED   128 /* its name is that of characters: shown in quotes */
#define FIELD_MAY_HIDE                                                                             \
	256 /* its name is a reserved field's: not shown where it was 0 at the call */

#define TABLE_FIELD_SIZE 32
ENTRY_U32(field_name, 0);
ENTRY_U32(field_offset, 4); /* bits; a multiple of 8 but for a SCALAR */
ENTRY_U32(field_bits, 8);   /* of a SCALAR 1 to as many as its type has; else all of them */
ENTRY_U32(field_type, 12);
ENTRY_U16(field_roles, 16);    /* FIELD_… */
ENTRY_U8(field_direction, 18); /* of a pointer: enum table_direction; else 0 */
ENTRY_U32(field_pointee, 20);  /* type, of a SCALAR; or NONE */
ENTRY_U32(field_counter,
	  24); /* of a pointer: a field of its structure, from 0, a SCALAR; or NONE */
ENTRY_U32(field_selection, 28); /* of a UNION, which member counts: an index; or NONE */

/* Which case counts, by a number beside it. */
#define TABLE_SELECTION_SIZE 20
ENTRY_U32(selection_argument, 0); /* of the call; or NONE: a field of the same structure */
ENTRY_U32(selection_offset, 4);	  /* of the number, in the argument or structure: bits */
ENTRY_U32(selection_bits, 8);
ENTRY_U32(selection_first_case, 12);
ENTRY_U32(selection_cases, 16);

#define TABLE_CASE_SIZE 16
ENTRY_U64(case_value, 0);
ENTRY_U32(case_target, 8);    /* of a field its union's member, from 0; of an argument a type */
ENTRY_U8(case_direction, 12); /* of an argument; else 0 */
ENTRY_U8(case_counter, 13); /* of an argument: that which says how many there are, from 1; 0: one */

/*
 * How far a structure goes, that says it itself (acrn_sizes.def).
 *
 * One that counts an array has no layouts, and `otherwise` is NONE: the type itself is cut, in the
 * field that is an ARRAY at that place, if there is one. The types of the layouts and `otherwise`
 * are STRUCTs without a size rule, and no deeper than the type that has the rule. The number has 32
 * bits at most. It may lie behind the bytes that there are: these count as zeros.
 */
#define TABLE_SIZE_RULE_SIZE 36
ENTRY_U32(size_rule_offset, 0); /* of the number that says it: bits */
ENTRY_U32(size_rule_bits, 4);
ENTRY_U32(size_rule_array, 8);	  /* bit offset of the array that it counts; or NONE: bytes */
ENTRY_U32(size_rule_element, 12); /* bytes, of the array */
ENTRY_U32(size_rule_least, 16);	  /* elements that are always there */
ENTRY_U32(size_rule_first_layout, 20);
ENTRY_U32(size_rule_layouts, 24);
ENTRY_U32(size_rule_otherwise, 28); /* the type where no layout fits */
ENTRY_U32(size_rule_end, 32);	    /* bytes that are always there: the number's own end */

/* The type that a structure is, if it says `size` bytes, and all bounds hold. */
#define TABLE_LAYOUT_SIZE 16
ENTRY_U32(layout_size, 0);
ENTRY_U32(layout_type, 4);
ENTRY_U32(layout_first_bound, 8);
ENTRY_U32(layout_bounds, 12);

/* A number must not have more bits than `most`. */
#define TABLE_BOUND_SIZE 16
ENTRY_U32(bound_offset, 0); /* bits */
ENTRY_U32(bound_bits, 4);
ENTRY_U32(bound_most, 8);

#define TABLE_ENUM_SIZE 16
ENTRY_U32(enum_first_value, 0); /* in the order of their declaration */
ENTRY_U32(enum_values, 4);
ENTRY_U32(enum_name, 8);

#define TABLE_VALUE_SIZE 16
ENTRY_U64(enumerator_value, 0);
ENTRY_U32(enumerator_name, 8);
ENTRY_U32(enumerator_flags, 12); /* VALUE_IS_ZERO */

#define VALUE_IS_ZERO 1 /* the name is that of some enumeration's 0 */

enum table_rule { RULE_ZERO_FAILED_IF = 1, RULE_ZERO_PROVES_NOTHING, RULE_EINVAL_MEANS_ADDRESS };

/* Those of a call stand in the order of enum table_rule. */
#define TABLE_RESULT_RULE_SIZE 24
ENTRY_U32(result_rule_kind, 0); /* enum table_rule */
ENTRY_U32(result_rule_why, 4);	/* text */
ENTRY_U32(result_rule_path, 8); /* text: "vm.vmid", or an argument */
ENTRY_U64(result_rule_value, 16);

/* An error that results have; in rising order of their ABI and number. */
#define TABLE_ERROR_SIZE 16
ENTRY_U32(error_number, 0);
ENTRY_U32(error_name, 4);
ENTRY_U32(error_text, 8);
ENTRY_U16(error_abi, 12);   /* index */
ENTRY_U16(error_flags, 14); /* ERROR_VAGUE */

#define ERROR_VAGUE 1 /* may mean no more than that the call failed */

#endif
