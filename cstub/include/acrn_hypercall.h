/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Make a hypercall to ACRN, and leave a record of where it is made.
 *
 *   long acrn_hypercall0(unsigned long nr)
 *   long acrn_hypercall1(unsigned long nr, unsigned long arg1)
 *   long acrn_hypercall2(unsigned long nr, unsigned long arg1, unsigned long arg2)
 *
 * Linux's functions of these names, as macros: each use becomes one VMCALL (number in R8, arguments
 * in RDI and RSI, result in RAX: 0 or more, or a negative error number) and one site record that
 * names the caller's file and line. Every argument is evaluated once and converted as a function's
 * would be. Addresses are guest-physical. Outside ring 0 the call raises #GP, without a hypervisor
 * #UD.
 *
 * N.B. What a macro cannot do and a function can: its address cannot be taken, and an argument with
 * a comma outside parentheses, such as a compound literal, needs parentheses of its own.
 *
 * The number is recorded if it is a constant where the macro stands, at any optimisation level. In
 * a function that gets the number as its parameter it is not, even when that function is inlined.
 * Of a call written over several lines gcc records the first line, clang the last.
 *
 * Freestanding, 64-bit, C11 with GNU's asm (gcc, clang; AT&T or Intel syntax).
 */
#ifndef ACRN_HYPERCALL_H
#define ACRN_HYPERCALL_H

#if !defined(__x86_64__) || defined(__ILP32__)
#error "ACRN's hypercalls take 64-bit registers: compile for x86-64"
#endif
#ifdef __cplusplus
#error "acrn_hypercall.h is for C: make the calls in a C file and call that from C++"
#endif

#include "acrn_site.h"

#define acrn_hypercall0(nr)		acrn_call0_(nr)
#define acrn_hypercall1(nr, arg1)	acrn_call1_(nr, arg1)
#define acrn_hypercall2(nr, arg1, arg2) acrn_call2_(nr, arg1, arg2)

/* Implementation. Names that end in an underscore are not for use. */

/* Gives an argument the conversions, and the compiler's warnings, of a function's parameter. */
static __inline__ __attribute__((always_inline, unused)) unsigned long
acrn_register_(unsigned long value)
{
	return value;
}

/* The front end's idea of a constant, the only one that is the same at every optimisation level. */
#define ACRN_CONSTANT_OR_0_(nr)                                                                    \
	((unsigned long)__builtin_choose_expr(__builtin_constant_p(nr), (nr), 0))

/*
 * The move into R8 is ours since a register variable loses its value when a call comes between (a
 * printk for debugging is enough), and it is the 64-bit one since that alone takes a register, any
 * constant, and whatever the compiler has at hand at -O0. Flags count as clobbered in every asm on
 * x86.
 *
 * "o" ties the record to the section that holds the site: the linker keeps or drops both together.
 * The file name is an operand, never part of the template, where %, {, | and } would have a
 * meaning. gcc prints a constant operand only if it fits a signed 32-bit integer, hence the number
 * in two halves.
 */
/* clang-format off */
#define ACRN_LOAD_NUMBER_                                                                       \
	"mov {%[acrn_nr], %%r8|r8, %[acrn_nr]}\n\t"
#define ACRN_VMCALL_WITH_RECORD_                                                                \
	"\n.Lacrn_site%=:\n\t"                                                                 \
	"vmcall\n\t"                                                                            \
	".pushsection .acrn_sites, \"ao\", @progbits, .Lacrn_site%=\n\t"                        \
	".balign 8\n\t"                                                                         \
	".long .Lacrn_site%= - .\n\t"                                                           \
	".long %P[acrn_file] - .\n\t"                                                           \
	".long %c[acrn_line]\n\t"                                                               \
	".long %c[acrn_flags]\n\t"                                                              \
	".long %c[acrn_low], %c[acrn_high]\n\t"                                                 \
	".popsection"
#define ACRN_RECORD_OPERANDS_(nr)                                                               \
	[acrn_file] "i"(__FILE__),                                                              \
	[acrn_line] "i"(__LINE__),                                                              \
	[acrn_flags] "i"(__builtin_constant_p(nr) ? ACRN_SITE_NUMBER_KNOWN : 0),                \
	[acrn_low] "i"((int)ACRN_CONSTANT_OR_0_(nr)),                                           \
	[acrn_high] "i"((int)(ACRN_CONSTANT_OR_0_(nr) >> 32))
/* clang-format on */

#if defined(ACRN_RING) || defined(ACRN_TRAMPOLINE)
#include "acrn_recorded_call.h"
#else

/* The asm pushes nothing, so that a red zone is safe. */
/* clang-format off */
#define ACRN_VMCALL_(nr, ...)                                                                   \
	__extension__({                                                                         \
		long acrn_result_;                                                              \
		__asm__ __inline__ __volatile__(                                                \
			ACRN_LOAD_NUMBER_                                                       \
			ACRN_VMCALL_WITH_RECORD_                                                \
			: "=a"(acrn_result_)                                                    \
			: __VA_ARGS__ [acrn_nr] "ri"(acrn_register_(nr)),                       \
			  ACRN_RECORD_OPERANDS_(nr)                                             \
			: "r8", "memory");                                                      \
		acrn_result_;                                                                   \
	})
/* clang-format on */

#define acrn_call0_(nr)	      ACRN_VMCALL_(nr, )
#define acrn_call1_(nr, arg1) ACRN_VMCALL_(nr, "D"(acrn_register_(arg1)), )
#define acrn_call2_(nr, arg1, arg2)                                                                \
	ACRN_VMCALL_(nr, "D"(acrn_register_(arg1)), "S"(acrn_register_(arg2)), )
#endif

#endif
