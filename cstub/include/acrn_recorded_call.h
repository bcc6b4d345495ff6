/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How acrn_hypercall.h makes a call that is recorded. Not for use by itself, and all names end in
 * an underscore.
 */
#ifndef ACRN_RECORDED_CALL_H
#define ACRN_RECORDED_CALL_H

#include "acrn_hypercall.h"
#include "acrn_recorder.h"

#ifndef acrn_call0_
#define acrn_call0_(nr)	      ACRN_RECORDED_(0, nr, 0, 0, 0, )
#define acrn_call1_(nr, arg1) ACRN_RECORDED_(1, nr, arg1, 0, 0, "D"(acrn_arg1_), )
#define acrn_call2_(nr, arg1, arg2)                                                                \
	ACRN_RECORDED_(2, nr, arg1, arg2, 0, "D"(acrn_arg1_), "S"(acrn_arg2_), )

/* The same with arguments of type struct acrn_argument_; at most one points to a structure. */
#define acrn_captured_call1_(nr, argument1)                                                        \
	__extension__({                                                                            \
		struct acrn_argument_ acrn_argument1_ = argument1;                                 \
		ACRN_RECORDED_(1, nr, acrn_argument1_.value, 0, &acrn_argument1_.captured,         \
			       "D"(acrn_arg1_), );                                                 \
	})
#define acrn_captured_call2_(nr, argument1, argument2)                                             \
	__extension__({                                                                            \
		struct acrn_argument_ acrn_argument1_ = argument1;                                 \
		struct acrn_argument_ acrn_argument2_ = argument2;                                 \
		const struct acrn_captured_ *acrn_captured_ = acrn_points_(&acrn_argument1_)       \
								      ? &acrn_argument1_.captured  \
								      : &acrn_argument2_.captured; \
		ACRN_RECORDED_(2, nr, acrn_argument1_.value, acrn_argument2_.value,                \
			       acrn_captured_, "D"(acrn_arg1_), "S"(acrn_arg2_), );                \
	})

#ifdef ACRN_TRAMPOLINE
/* Not for C to call. */
extern const struct acrn_not_a_function acrn_trampoline_call_;

/*
 * The stack is moved past a red zone, which this may or may not have; no operand is in memory, as
 * it might be relative to RSP. Then: where to go on after VMCALL, and with the recorder on the
 * trampoline's parameters. RSP is where it was when the asm ends, and the only register changed is
 * R8. That the frame's address is asked for gives the function a frame pointer, by which a debugger
 * walks on however the stack is moved.
 */
/* clang-format off */
#define ACRN_RECORDED_(count, nr, arg1, arg2, captured, ...)                                    \
	__extension__({                                                                         \
		long acrn_result_;                                                              \
		unsigned long acrn_arg1_ = acrn_register_(arg1);                                \
		unsigned long acrn_arg2_ = acrn_register_(arg2);                                \
		(void)acrn_arg1_, (void)acrn_arg2_;                                             \
		__asm__ __inline__ __volatile__(                                                \
			ACRN_LOAD_NUMBER_                                                       \
			"lea {.Lacrn_end%=(%%rip), %%rax|rax, [rip + .Lacrn_end%=]}\n\t"        \
			"lea {-128(%%rsp), %%rsp|rsp, [rsp - 128]}\n\t"                         \
			"push {%%rax|rax}\n\t"                                                  \
			"cmp{l $0, %c[acrn_enabled]+acrn_ring_header(%%rip)"                    \
			"| DWORD PTR acrn_ring_header[rip + %c[acrn_enabled]], 0}\n\t"          \
			"je .Lacrn_unrecorded%=\n\t"                                            \
			"lea {.Lacrn_site%=(%%rip), %%rax|rax, [rip + .Lacrn_site%=]}\n\t"      \
			"push {%[acrn_captured]|%[acrn_captured]}\n\t"                          \
			"push {%[acrn_count]|%[acrn_count]}\n\t"                                \
			"push {%%rax|rax}\n\t"                                                  \
			"jmp acrn_trampoline_call_\n"                                           \
			".Lacrn_unrecorded%=:\n\t"                                              \
			"mov {%[acrn_token], %%eax|eax, %[acrn_token]}"                         \
			ACRN_VMCALL_WITH_RECORD_ "\n\t"                                         \
			"jmp {*(%%rsp)|QWORD PTR [rsp]}\n"                                      \
			".Lacrn_end%=:\n\t"                                                     \
			"lea {136(%%rsp), %%rsp|rsp, [rsp + 136]}"                              \
			: "=&a"(acrn_result_)                                                   \
			: __VA_ARGS__ [acrn_nr] "ri"(acrn_register_(nr)),                       \
			  [acrn_frame] "r"(__builtin_frame_address(0)),                         \
			  [acrn_captured] "ri"((long)(captured)),                                             \
			  [acrn_count] "i"(count),                                              \
			  [acrn_enabled] "i"(__builtin_offsetof(struct acrn_ring_header, enabled)), \
			  [acrn_token] "i"(ACRN_CALL_TOKEN_),                                   \
			  ACRN_RECORD_OPERANDS_(nr)                                             \
			: "r8", "memory");                                                      \
		acrn_result_;                                                                   \
	})
/* clang-format on */
#else
/*
 * Whatever becomes of the record, there is one VMCALL. The asm itself says where that is and
 * commits the record, its last act before the call: only an asm that has the VMCALL can name its
 * address.
 */
/* clang-format off */
#define ACRN_RECORDED_(count, nr, arg1, arg2, captured, ...)                                    \
	__extension__({                                                                         \
		long acrn_result_;                                                              \
		unsigned long acrn_nr_ = acrn_register_(nr);                                    \
		unsigned long acrn_arg1_ = acrn_register_(arg1);                                \
		unsigned long acrn_arg2_ = acrn_register_(arg2);                                \
		struct acrn_claim acrn_claim_ = {0};                                            \
		if (acrn_ring_is_enabled_())                                                    \
			acrn_claim_ = acrn_ring_begin_(acrn_nr_, acrn_arg1_, acrn_arg2_, count);\
		if ((captured) && acrn_claim_.record)                                           \
			acrn_ring_capture_in_(acrn_claim_.record, captured);                    \
		__asm__ __inline__ __volatile__(                                                \
			"test %[acrn_record], %[acrn_record]\n\t"                               \
			"jz .Lacrn_unrecorded%=\n\t"                                            \
			"lea {.Lacrn_site%=(%%rip), %%r8|r8, [rip + .Lacrn_site%=]}\n\t"        \
			"mov {%%r8d, %c[acrn_site](%[acrn_record])|[%[acrn_record] + %c[acrn_site]], r8d}\n\t" \
			"mov {%[acrn_word], (%[acrn_record])|[%[acrn_record]], %[acrn_word]}\n" \
			".Lacrn_unrecorded%=:\n\t"                                              \
			ACRN_LOAD_NUMBER_                                                       \
			"mov {%[acrn_token], %%eax|eax, %[acrn_token]}"                         \
			ACRN_VMCALL_WITH_RECORD_                                                \
			: "=&a"(acrn_result_)                                                   \
			: __VA_ARGS__ [acrn_nr] "ri"(acrn_nr_),                                 \
			  [acrn_record] "r"(acrn_claim_.record),                                \
			  [acrn_word] "r"(acrn_claim_.word),                                    \
			  [acrn_site] "i"(__builtin_offsetof(struct acrn_record, site)),        \
			  [acrn_token] "i"(ACRN_CALL_TOKEN_),                                   \
			  ACRN_RECORD_OPERANDS_(nr)                                             \
			: "r8", "memory");                                                      \
		if (__builtin_expect(acrn_claim_.record != 0, 0))                               \
			acrn_ring_end_(acrn_claim_.record, acrn_claim_.word, acrn_result_,      \
				       captured);                                               \
		acrn_result_;                                                                   \
	})
/* clang-format on */
#endif
#endif

#endif
