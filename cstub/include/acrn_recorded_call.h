/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How acrn_hypercall.h makes a call that is recorded. Not for use by itself, and all names end in
 * an underscore.
 */
#ifndef ACRN_RECORDED_CALL_H
#define ACRN_RECORDED_CALL_H

#include "acrn_hypercall.h"
#include "acrn_ring_writer.h"

#ifndef acrn_call0_
#define acrn_call0_(nr)	      ACRN_RECORDED_(0, nr, 0, 0, NOTHING, 0, )
#define acrn_call1_(nr, arg1) ACRN_RECORDED_(1, nr, arg1, 0, NOTHING, 0, "D"(acrn_arg1_), )
#define acrn_call2_(nr, arg1, arg2)                                                                \
	ACRN_RECORDED_(2, nr, arg1, arg2, NOTHING, 0, "D"(acrn_arg1_), "S"(acrn_arg2_), )

/* The same with arguments of type struct acrn_argument_; at most one points to a structure. */
#define acrn_captured_call1_(nr, argument1)                                                        \
	__extension__({                                                                            \
		struct acrn_argument_ acrn_argument1_ = argument1;                                 \
		ACRN_RECORDED_(1, nr, acrn_argument1_.value, 0, STRUCTURE,                         \
			       &acrn_argument1_.captured, "D"(acrn_arg1_), );                      \
	})
#define acrn_captured_call2_(nr, argument1, argument2)                                             \
	__extension__({                                                                            \
		struct acrn_argument_ acrn_argument1_ = argument1;                                 \
		struct acrn_argument_ acrn_argument2_ = argument2;                                 \
		const struct acrn_captured_ *acrn_captured_ = acrn_points_(&acrn_argument1_)       \
								      ? &acrn_argument1_.captured  \
								      : &acrn_argument2_.captured; \
		ACRN_RECORDED_(2, nr, acrn_argument1_.value, acrn_argument2_.value, STRUCTURE,     \
			       acrn_captured_, "D"(acrn_arg1_), "S"(acrn_arg2_), );                \
	})

/* Both forms claim the record here, if the recorder is on, and have all of it but the address. */
#define ACRN_CLAIM_(count, nr, arg1, arg2, captured)                                               \
	long acrn_result_;                                                                         \
	unsigned long acrn_nr_ = acrn_register_(nr);                                               \
	unsigned long acrn_arg1_ = acrn_register_(arg1);                                           \
	unsigned long acrn_arg2_ = acrn_register_(arg2);                                           \
	struct acrn_claim_ acrn_claim_ = {0};                                                      \
	if (acrn_ring_is_enabled_())                                                               \
		acrn_claim_ = acrn_ring_begin_(acrn_nr_, acrn_arg1_, acrn_arg2_, count);           \
	if ((captured) && acrn_claim_.record)                                                      \
		acrn_claim_.where |= acrn_ring_capture_in_(acrn_claim_.record, captured);

/* clang-format off */
/* acrn_commit_(), the address of the site in RAX. `more` is what the record's operand has too much. */
#define ACRN_COMMIT_                                                                            \
	"mov {%%eax, %%eax|eax, eax}\n\t"                                                       \
	"or {%[acrn_where], %%rax|rax, %[acrn_where]}\n\t"                                      \
	"mov {%%rax, %c[acrn_at_where](%[acrn_record])|"                                        \
	"[%[acrn_record] + %c[acrn_at_where]], rax}\n\t"                                        \
	"mov {%[acrn_word], %c[acrn_at_word](%[acrn_record])|"                                  \
	"[%[acrn_record] + %c[acrn_at_word]], %[acrn_word]}\n\t"
#define ACRN_COMMIT_OPERANDS_(more)                                                             \
	[acrn_where] "r"(acrn_claim_.where),                                                    \
	[acrn_at_where] "i"((int)ACRN_WHERE_ - (more)),                                         \
	[acrn_at_word] "i"(-(more)),                                                            \
	[acrn_token] "i"(ACRN_CALL_TOKEN_)
/* clang-format on */

#ifdef ACRN_TRAMPOLINE
#include "acrn_trampoline.h"

/* Not for C to call. */
extern const struct acrn_not_a_function acrn_trampoline_return_;

/* Whether there is an argument structure to note. */
#define ACRN_CAPTURES_NOTHING_	 0
#define ACRN_CAPTURES_STRUCTURE_ ACRN_CAPTURES
#define ACRN_CAPTURED_OPERAND_NOTHING_(captured)
#define ACRN_CAPTURED_OPERAND_STRUCTURE_(captured) [acrn_captured] "r"(captured),
#define ACRN_NOTE_NOTHING_
#define ACRN_NOTE_STRUCTURE_                                                                       \
	"mov {%[acrn_captured], %c[acrn_noted](%%rsp)|"                                            \
	"[rsp + %c[acrn_noted]], %[acrn_captured]}\n\t"
#define ACRN_NOTE_OPERANDS_                                                                        \
	[acrn_saved] "i"(__builtin_offsetof(struct acrn_notes, before.general)),                   \
		[acrn_noted] "i"(__builtin_offsetof(struct acrn_notes, captured)),                 \
		[acrn_room] "i"(sizeof(struct acrn_notes) + ACRN_RED_ZONE)
/* Where trampoline.S looks for them: ACRN_NOTED_RECORD, ACRN_NOTED_WORD. */
#define ACRN_NOTED_OPERANDS_(more)                                                                 \
	[acrn_record] "c"((uint64_t)acrn_claim_.record + (more)), [acrn_word] "d"(acrn_claim_.word)
#define ACRN_SAVE_(number, name)                                                                   \
	"mov {%%" name ", %c[acrn_saved]+8*" number "(%%rsp)|"                                     \
	" [rsp + %c[acrn_saved]+8*" number "], " name "}\n\t"
#define ACRN_SAVE_ALL_                                                                             \
	ACRN_SAVE_("1", "rcx")                                                                     \
	ACRN_SAVE_("2", "rdx")                                                                     \
	ACRN_SAVE_("3", "rbx")                                                                     \
	ACRN_SAVE_("5", "rbp")                                                                     \
	ACRN_SAVE_("6", "rsi")                                                                     \
	ACRN_SAVE_("7", "rdi")                                                                     \
	ACRN_SAVE_("8", "r8")                                                                      \
	ACRN_SAVE_("9", "r9")                                                                      \
	ACRN_SAVE_("10", "r10")                                                                    \
	ACRN_SAVE_("11", "r11")                                                                    \
	ACRN_SAVE_("12", "r12")                                                                    \
	ACRN_SAVE_("13", "r13")                                                                    \
	ACRN_SAVE_("14", "r14")                                                                    \
	ACRN_SAVE_("15", "r15")

/*
 * A call that is recorded has a VMCALL of its own, so that one that is not costs nothing.
 *
 * The stack is moved past a red zone, which this may or may not have; no operand is in memory, as
 * it might be relative to RSP. What the registers hold is kept there, and the flags as they are
 * when RSP has been compared with itself, which the trampoline can make again. After VMCALL nothing
 * but RSP is trusted. RSP is where it was when the asm ends, and the only register changed is R8.
 * That the frame's address is asked for gives the function a frame pointer, by which a debugger
 * walks on however the stack is moved.
 */
/* clang-format off */
#define ACRN_RECORDED_(count, nr, arg1, arg2, captures, captured, ...)                          \
	__extension__({                                                                         \
		ACRN_CLAIM_(count, nr, arg1, arg2, captured)                                    \
		if (__builtin_expect(acrn_claim_.record != 0, 0))                               \
			__asm__ __inline__ __volatile__(                                        \
				ACRN_LOAD_NUMBER_                                               \
				"lea {.Lacrn_site%=(%%rip), %%rax|"                             \
				"rax, [rip + .Lacrn_site%=]}\n\t"                               \
				ACRN_COMMIT_                                                    \
				"lea {8-%c[acrn_room](%%rsp), %%rsp|"                           \
				"rsp, [rsp + 8-%c[acrn_room]]}\n\t"                             \
				"cmp {%%rsp, %%rsp|rsp, rsp}\n\t"                               \
				"pushf{q|q}\n\t"                                                \
				ACRN_SAVE_ALL_                                                  \
				ACRN_NOTE_##captures##_                                         \
				"mov {%[acrn_token], %%eax|eax, %[acrn_token]}"                 \
				ACRN_VMCALL_WITH_RECORD_ "\n\t"                                 \
				"call acrn_trampoline_return_\n\t"                              \
				"lea {%c[acrn_room](%%rsp), %%rsp|rsp, [rsp + %c[acrn_room]]}"  \
				: "=&a"(acrn_result_)                                           \
				: __VA_ARGS__ [acrn_nr] "ri"(acrn_nr_),                         \
				  [acrn_frame] "r"(__builtin_frame_address(0)),                 \
				  ACRN_CAPTURED_OPERAND_##captures##_(captured)                 \
				  ACRN_NOTE_OPERANDS_,                                          \
				  ACRN_NOTED_OPERANDS_(ACRN_CAPTURES_##captures##_),            \
				  ACRN_COMMIT_OPERANDS_(ACRN_CAPTURES_##captures##_),           \
				  ACRN_RECORD_OPERANDS_(nr)                                     \
				: "r8", "memory");                                              \
		else                                                                            \
			__asm__ __inline__ __volatile__(                                        \
				ACRN_LOAD_NUMBER_                                               \
				"mov {%[acrn_token], %%eax|eax, %[acrn_token]}"                 \
				ACRN_VMCALL_WITH_RECORD_                                        \
				: "=&a"(acrn_result_)                                           \
				: __VA_ARGS__ [acrn_nr] "ri"(acrn_nr_),                         \
				  [acrn_token] "i"(ACRN_CALL_TOKEN_), ACRN_RECORD_OPERANDS_(nr) \
				: "r8", "memory");                                              \
		acrn_result_;                                                                   \
	})
/* clang-format on */
#else
/*
 * Whatever becomes of the record, there is one VMCALL. To commit the record is the last act before
 * the call.
 */
/* clang-format off */
#define ACRN_RECORDED_(count, nr, arg1, arg2, captures, captured, ...)                          \
	__extension__({                                                                         \
		ACRN_CLAIM_(count, nr, arg1, arg2, captured)                                    \
		__asm__ __inline__ __volatile__(                                                \
			"test %[acrn_record], %[acrn_record]\n\t"                               \
			"jz .Lacrn_unrecorded%=\n\t"                                            \
			"lea {.Lacrn_site%=(%%rip), %%rax|rax, [rip + .Lacrn_site%=]}\n\t"      \
			ACRN_COMMIT_                                                            \
			".Lacrn_unrecorded%=:\n\t"                                              \
			ACRN_LOAD_NUMBER_                                                       \
			"mov {%[acrn_token], %%eax|eax, %[acrn_token]}"                         \
			ACRN_VMCALL_WITH_RECORD_                                                \
			: "=&a"(acrn_result_)                                                   \
			: __VA_ARGS__ [acrn_nr] "ri"(acrn_nr_),                                 \
			  [acrn_record] "r"(acrn_claim_.record),                                \
			  [acrn_word] "r"(acrn_claim_.word),                                    \
			  ACRN_COMMIT_OPERANDS_(0), ACRN_RECORD_OPERANDS_(nr)                   \
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
