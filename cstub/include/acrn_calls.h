/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ACRN's hypercalls by name, from the call table acrn.def:
 *
 *   ACRN_NR_create_vm                            the number, an enumeration constant
 *   long acrn_call(create_vm, &vm)               the call, checked against its line in the table
 *   long acrn_call(set_vcpu_regs, vmid, &regs)
 *
 * An unknown name, a wrong number of arguments, a pointer to another structure, or a pointer where
 * the table has a number (or the reverse) does not compile. What the kinds of argument take:
 *
 *   VALUE, VMID, ENUM, PASS   a number of the table's type (VMID: 16 bits, PASS: 64)
 *   PTR, ADDR                 a pointer to that structure, to any object; a pointer to const if
 *                             the call only reads there (else an error, from gcc a warning)
 *   PACKED                    the structure of bit fields by value, or its 64 bits as a uint64_t
 *
 * Pointers become guest-physical addresses by ACRN_GPA(pointer), which a guest whose virtual
 * addresses are not its physical ones defines before it includes this file. What is pointed at must
 * be contiguous in guest-physical memory.
 *
 * A call of the guest's own is a line in a file of acrn.def's grammar: define ACRN_CALLS_DEF to the
 * name of that file, in quotes, as #include finds it. Result, record and restrictions are those of
 * acrn_hypercall.h.
 */
#ifndef ACRN_CALLS_H
#define ACRN_CALLS_H

#include "acrn_hypercall.h"
#include "acrn_types.h"

#ifndef ACRN_GPA
#define ACRN_GPA(pointer) ((unsigned long)(pointer))
#endif

#define acrn_call(...)                                                                             \
	ACRN_SEVENTH_(__VA_ARGS__, ACRN_CALL_HAS_TOO_MANY_ARGUMENTS,                               \
		      ACRN_CALL_HAS_TOO_MANY_ARGUMENTS, ACRN_CALL_HAS_TOO_MANY_ARGUMENTS,          \
		      ACRN_CALL2_, ACRN_CALL1_, ACRN_CALL0_, )                                     \
	(__VA_ARGS__)

/* Implementation. Names that end in an underscore are not for use. */

#define ACRN_SEVENTH_(a, b, c, d, e, f, seventh, ...) seventh

#define ACRN_CALL0_(name)                                                                          \
	__extension__({                                                                            \
		ACRN_CHECK_COUNT_(name, 0);                                                        \
		acrn_hypercall0(ACRN_NR_##name);                                                   \
	})
#define ACRN_CALL1_(name, arg1)                                                                    \
	__extension__({                                                                            \
		ACRN_CHECK_COUNT_(name, 1);                                                        \
		ACRN_CHECK_NUMBER_(name, 1, arg1);                                                 \
		ACRN_CALL_POINTING1_(ACRN_NR_##name, ACRN_GIVEN_(name, 1, arg1));                  \
	})
#define ACRN_CALL2_(name, arg1, arg2)                                                              \
	__extension__({                                                                            \
		ACRN_CHECK_COUNT_(name, 2);                                                        \
		ACRN_CHECK_NUMBER_(name, 1, arg1);                                                 \
		ACRN_CHECK_NUMBER_(name, 2, arg2);                                                 \
		ACRN_CALL_POINTING2_(ACRN_NR_##name, ACRN_GIVEN_(name, 1, arg1),                   \
				     ACRN_GIVEN_(name, 2, arg2));                                  \
	})

/* With the structure that an argument points to, where a recorded call keeps some of it. */
#if (defined(ACRN_RING) || defined(ACRN_TRAMPOLINE)) && ACRN_RING_CAPTURE
#define ACRN_CALL_POINTING1_(nr, argument1) acrn_captured_call1_(nr, argument1)
#define ACRN_CALL_POINTING2_(nr, argument1, argument2)                                             \
	acrn_captured_call2_(nr, argument1, argument2)
#define ACRN_GIVEN_(name, position, argument)                                                      \
	__extension__({                                                                            \
		ACRN_TAKE_(name, position, argument);                                              \
		struct acrn_argument_ acrn_argument_ = {                                           \
			ACRN_REGISTER_(name, position, argument),                                  \
			ACRN_CAPTURED_(name, position),                                            \
		};                                                                                 \
		acrn_argument_;                                                                    \
	})
#define ACRN_CAPTURED_(name, position)                                                             \
	{                                                                                          \
		.in = ACRN_IN_##name##_##position##_ ? acrn_pointer_ : 0,                          \
		.out = ACRN_OUT_##name##_##position##_ ? acrn_pointer_ : 0,                        \
		.in_bytes = ACRN_IN_##name##_##position##_,                                        \
		.out_bytes = ACRN_OUT_##name##_##position##_,                                      \
		.rule = ACRN_RULE_##name##_##position##_,                                          \
	}
#else
#define ACRN_CALL_POINTING1_(nr, argument1)	       acrn_hypercall1(nr, argument1)
#define ACRN_CALL_POINTING2_(nr, argument1, argument2) acrn_hypercall2(nr, argument1, argument2)
#define ACRN_GIVEN_(name, position, argument)                                                      \
	__extension__({                                                                            \
		ACRN_TAKE_(name, position, argument);                                              \
		ACRN_REGISTER_(name, position, argument);                                          \
	})
#endif

/*
 * An argument is taken here, in the caller's line: an inline function is of a line of the table,
 * and of an instruction from there debuggers would say so. Its type is checked by a function's
 * parameter all the same, which only of a number is called, and has nothing to do.
 */
#define ACRN_TAKE_(name, position, argument)                                                       \
	acrn_##name##_pointer##position##_ acrn_pointer_ =                                         \
		(acrn_##name##_pointer##position##_)ACRN_IF_(POINTER, name, position, (argument),  \
							     (void *)0);                           \
	union {                                                                                    \
		__typeof__(ACRN_IF_(PACKED, name, position, ACRN_WIDE_(argument), 0ul)) given;     \
		uint64_t bits;                                                                     \
	} acrn_packed_;                                                                            \
	acrn_packed_.given = ACRN_IF_(PACKED, name, position, (argument), 0ul);                    \
	(void)acrn_pointer_, (void)acrn_packed_
#define ACRN_REGISTER_(name, position, argument)                                                   \
	ACRN_IF_(POINTER, name, position, ACRN_GPA(acrn_pointer_),                                 \
		 ACRN_IF_(PACKED, name, position, acrn_packed_.bits,                               \
			  (unsigned long)ACRN_IF_(NUMBER, name, position,                          \
						  acrn_##name##_check##position##_(argument), 0)))
/* Of the type that 64 bits are taken as: a structure of bit fields, or a number. */
#define ACRN_WIDE_(argument)                                                                       \
	__builtin_choose_expr(__builtin_classify_type(argument) == ACRN_STRUCTURE_CLASS_,          \
			      (argument), UINT64_C(0))
/* The compiler looks at both, and no more than that at one. */
#define ACRN_IF_(kind, name, position, so, otherwise)                                              \
	__builtin_choose_expr(ACRN_IS_##name##_##position##_ == ACRN_IS_##kind##_, so, otherwise)

#define ACRN_CHECK_COUNT_(name, given)                                                             \
	_Static_assert(ACRN_COUNT_##name##_ == given,                                              \
		       #name " takes another number of arguments, see its line in the call table")

/* Only a warning, to gcc 12 and clang 14, in a function's argument. */
#define ACRN_CHECK_NUMBER_(name, position, argument)                                               \
	_Static_assert(ACRN_IS_##name##_##position##_ != ACRN_IS_NUMBER_ ||                        \
			       __builtin_classify_type(argument) != ACRN_POINTER_CLASS_,           \
		       #name " takes a number, not a pointer, as argument " #position)
enum {
	ACRN_POINTER_CLASS_ = __builtin_classify_type((void *)0),
	ACRN_STRUCTURE_CLASS_ = __builtin_classify_type(*(struct acrn_site *)0),
};

typedef uint8_t acrn_u8_;
typedef uint16_t acrn_u16_;
typedef uint32_t acrn_u32_;
typedef uint64_t acrn_u64_;

/*
 * Each kind of argument as: what it is, the type that takes it, of a pointer its own type, and how
 * many bytes a recorded call keeps at the call and at the return, by which rule. A mismatch with a
 * transparent union is an error, with a plain pointer only a warning. Kinds and directions are
 * pasted to a prefix before they could be expanded, so that a guest may have macros called PACKED
 * or in.
 */
#define ACRN_IS_NUMBER_	 0
#define ACRN_IS_PACKED_	 1
#define ACRN_IS_POINTER_ 2

#define ACRN_KIND_VALUE(type, name) ACRN_NUMBER_(acrn_##type##_)
#define ACRN_KIND_VMID(name)	    ACRN_NUMBER_(acrn_u16_)
#define ACRN_KIND_ENUM(tag, name)   ACRN_NUMBER_(enum tag)
#define ACRN_KIND_PASS(name)	    ACRN_NUMBER_(acrn_u64_)
#define ACRN_KIND_PACKED(tag, name)                                                                \
	ACRN_IS_PACKED_, ACRN_ONE_OF_(uint64_t bits; struct tag fields), void *, 0, 0, 0
#define ACRN_KIND_PTR(direction, tag, name)                                                        \
	ACRN_POINTER_(ACRN_CONST_##direction struct tag), ACRN_KEEPS_##direction(struct tag)
#define ACRN_KIND_ADDR(direction, name) ACRN_POINTER_(ACRN_CONST_##direction void), 0, 0, 0

#define ACRN_NUMBER_(type)  ACRN_IS_NUMBER_, type, void *, 0, 0, 0
#define ACRN_POINTER_(type) ACRN_IS_POINTER_, ACRN_ONE_OF_(type *pointer), type *
#define ACRN_ONE_OF_(members)                                                                      \
	union {                                                                                    \
		members;                                                                           \
	} __attribute__((transparent_union))

#define ACRN_CONST_in const
#define ACRN_CONST_out
#define ACRN_CONST_inout
#define ACRN_KEEPS_in(type)    sizeof(type), 0, ACRN_SIZE_RULE_(type)
#define ACRN_KEEPS_out(type)   0, sizeof(type), ACRN_SIZE_RULE_(type)
#define ACRN_KEEPS_inout(type) sizeof(type), sizeof(type), ACRN_SIZE_RULE_(type)

#define ACRN_DEFINE_ARGUMENT_(...) ACRN_DEFINE_ARGUMENT_OF_(__VA_ARGS__)
#define ACRN_DEFINE_ARGUMENT_OF_(call, position, is, type, pointer_type, in, out, rule)            \
	enum { ACRN_IS_##call##_##position##_ = is };                                              \
	typedef type acrn_##call##_argument##position##_;                                          \
	typedef pointer_type acrn_##call##_pointer##position##_;                                   \
	static __inline__ __attribute__((always_inline, unused))                                   \
	acrn_##call##_argument##position##_ acrn_##call##_check##position##_(                      \
		acrn_##call##_argument##position##_ argument)                                      \
	{                                                                                          \
		return argument;                                                                   \
	}                                                                                          \
	ACRN_DEFINE_KEPT_(call, position, in, out, rule)

#if (defined(ACRN_RING) || defined(ACRN_TRAMPOLINE)) && ACRN_RING_CAPTURE
#define ACRN_DEFINE_KEPT_(call, position, in, out, rule)                                           \
	enum {                                                                                     \
		ACRN_IN_##call##_##position##_ = in,                                               \
		ACRN_OUT_##call##_##position##_ = out,                                             \
		ACRN_RULE_##call##_##position##_ = rule                                            \
	};
#else
#define ACRN_DEFINE_KEPT_(...)
#endif

#define ACRN_DEFINE_CALL_(nr, call, count)                                                         \
	__extension__ enum { ACRN_NR_##call = (nr) };                                              \
	enum { ACRN_COUNT_##call##_ = count };

#define HYPERCALL0(nr, call) ACRN_DEFINE_CALL_(nr, call, 0)
#define HYPERCALL1(nr, call, argument1)                                                            \
	ACRN_DEFINE_CALL_(nr, call, 1)                                                             \
	ACRN_DEFINE_ARGUMENT_(call, 1, ACRN_KIND_##argument1)
#define HYPERCALL2(nr, call, argument1, argument2)                                                 \
	ACRN_DEFINE_CALL_(nr, call, 2)                                                             \
	ACRN_DEFINE_ARGUMENT_(call, 1, ACRN_KIND_##argument1)                                      \
	ACRN_DEFINE_ARGUMENT_(call, 2, ACRN_KIND_##argument2)

#include "acrn.def"
#ifdef ACRN_CALLS_DEF
#include ACRN_CALLS_DEF
#endif

#undef HYPERCALL0
#undef HYPERCALL1
#undef HYPERCALL2

#endif
