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

/* What a recorded call keeps of the structure that an argument points to. */
#if (defined(ACRN_RING) || defined(ACRN_TRAMPOLINE)) && ACRN_RING_CAPTURE
#define ACRN_CALL_POINTING1_(nr, argument1) acrn_captured_call1_(nr, argument1)
#define ACRN_CALL_POINTING2_(nr, argument1, argument2)                                             \
	acrn_captured_call2_(nr, argument1, argument2)
#define ACRN_REGISTER_OF_(name, position) acrn_##name##_argument##position##_value_
#else
#define ACRN_CALL_POINTING1_(nr, argument1)	       acrn_hypercall1(nr, argument1)
#define ACRN_CALL_POINTING2_(nr, argument1, argument2) acrn_hypercall2(nr, argument1, argument2)
#define ACRN_REGISTER_OF_(name, position)	       acrn_##name##_register##position##_
#endif

#define ACRN_CALL0_(name)                                                                          \
	__extension__({                                                                            \
		ACRN_CHECK_COUNT_(name, 0);                                                        \
		acrn_hypercall0(ACRN_NR_##name);                                                   \
	})
#define ACRN_CALL1_(name, arg1)                                                                    \
	__extension__({                                                                            \
		ACRN_CHECK_COUNT_(name, 1);                                                        \
		ACRN_CHECK_NUMBER_(name, 1, arg1);                                                 \
		ACRN_CALL_POINTING1_(ACRN_NR_##name, ACRN_REGISTER_OF_(name, 1)(arg1));            \
	})
#define ACRN_CALL2_(name, arg1, arg2)                                                              \
	__extension__({                                                                            \
		ACRN_CHECK_COUNT_(name, 2);                                                        \
		ACRN_CHECK_NUMBER_(name, 1, arg1);                                                 \
		ACRN_CHECK_NUMBER_(name, 2, arg2);                                                 \
		ACRN_CALL_POINTING2_(ACRN_NR_##name, ACRN_REGISTER_OF_(name, 1)(arg1),             \
				     ACRN_REGISTER_OF_(name, 2)(arg2));                            \
	})

#define ACRN_CHECK_COUNT_(name, given)                                                             \
	_Static_assert(ACRN_COUNT_##name##_ == given,                                              \
		       #name " takes another number of arguments, see its line in the call table")

/* Only a warning, to gcc 12 and clang 14, in a function's argument. */
#define ACRN_CHECK_NUMBER_(name, position, argument)                                               \
	_Static_assert(!ACRN_IS_NUMBER_##name##_##position##_ || !ACRN_IS_POINTER_(argument),      \
		       #name " takes a number, not a pointer, as argument " #position)
#define ACRN_IS_POINTER_(argument) (__builtin_classify_type(argument) == ACRN_POINTER_CLASS_)
enum { ACRN_POINTER_CLASS_ = __builtin_classify_type((void *)0) };

typedef uint8_t acrn_u8_;
typedef uint16_t acrn_u16_;
typedef uint32_t acrn_u32_;
typedef uint64_t acrn_u64_;

/*
 * Each kind of argument as three things: the type that takes it, whether that is a number, and what
 * goes to the register. A mismatch with a transparent union is an error, with a plain pointer only
 * a warning. Kinds and directions are pasted to a prefix before they could be expanded, so that a
 * guest may have macros called PACKED or in.
 */
#define ACRN_KIND_VALUE(type, name)                                                                \
	acrn_##type##_, 1, argument,                                                               \
	{                                                                                          \
		0                                                                                  \
	}
#define ACRN_KIND_VMID(name)                                                                       \
	acrn_u16_, 1, argument,                                                                    \
	{                                                                                          \
		0                                                                                  \
	}
#define ACRN_KIND_ENUM(tag, name)                                                                  \
	enum tag, 1, (unsigned long)argument,                                                      \
	{                                                                                          \
		0                                                                                  \
	}
#define ACRN_KIND_PASS(name)                                                                       \
	acrn_u64_, 1, argument,                                                                    \
	{                                                                                          \
		0                                                                                  \
	}
#define ACRN_KIND_PACKED(tag, name)                                                                \
	ACRN_ONE_OF_(uint64_t bits; struct tag fields), 0, argument.bits,                          \
	{                                                                                          \
		0                                                                                  \
	}
#define ACRN_KIND_PTR(direction, tag, name)                                                        \
	ACRN_POINTER_(ACRN_CONST_##direction struct tag), ACRN_CAPTURED_##direction(struct tag)
#define ACRN_KIND_ADDR(direction, name)                                                            \
	ACRN_POINTER_(ACRN_CONST_##direction void),                                                \
	{                                                                                          \
		0                                                                                  \
	}

#define ACRN_POINTER_(type) ACRN_ONE_OF_(type *pointer), 0, ACRN_GPA(argument.pointer)
#define ACRN_ONE_OF_(members)                                                                      \
	union {                                                                                    \
		members;                                                                           \
	} __attribute__((transparent_union))
/* Initialisers of struct acrn_captured_, which are of use where that is declared only. */
#define ACRN_CAPTURED_in(type)                                                                     \
	{                                                                                          \
		.in = argument.pointer, .in_bytes = sizeof(type), .rule = ACRN_SIZE_RULE_(type)    \
	}
#define ACRN_CAPTURED_out(type)                                                                    \
	{                                                                                          \
		.out = argument.pointer, .out_bytes = sizeof(type), .rule = ACRN_SIZE_RULE_(type)  \
	}
#define ACRN_CAPTURED_inout(type)                                                                  \
	{                                                                                          \
		.in = argument.pointer, .in_bytes = sizeof(type), .out = argument.pointer,         \
		.out_bytes = sizeof(type), .rule = ACRN_SIZE_RULE_(type)                           \
	}

#define ACRN_CONST_in const
#define ACRN_CONST_out
#define ACRN_CONST_inout

#define ACRN_DEFINE_ARGUMENT_(...) ACRN_DEFINE_ARGUMENT_OF_(__VA_ARGS__)
#define ACRN_DEFINE_ARGUMENT_OF_(call, position, type, is_number, value, ...)                      \
	typedef type acrn_##call##_argument##position##_;                                          \
	enum { ACRN_IS_NUMBER_##call##_##position##_ = is_number };                                \
	static __inline__ __attribute__((always_inline, unused)) unsigned long                     \
		acrn_##call##_register##position##_(acrn_##call##_argument##position##_ argument)  \
	{                                                                                          \
		return value;                                                                      \
	}                                                                                          \
	ACRN_DEFINE_CAPTURE_(call, position, value, __VA_ARGS__)

#if (defined(ACRN_RING) || defined(ACRN_TRAMPOLINE)) && ACRN_RING_CAPTURE
#define ACRN_DEFINE_CAPTURE_(call, position, register_value, ...)                                  \
	static __inline__ __attribute__((always_inline, unused)) struct acrn_argument_             \
		acrn_##call##_argument##position##_value_(                                         \
			acrn_##call##_argument##position##_ argument)                              \
	{                                                                                          \
		struct acrn_argument_ result = {.value = register_value, .captured = __VA_ARGS__}; \
		return result;                                                                     \
	}
#else
#define ACRN_DEFINE_CAPTURE_(...)
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
