/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What abi.def says, as data: the instructions that make hypercalls, and one row a hypervisor.
 */
#ifndef HYPERCALL_ABI_H
#define HYPERCALL_ABI_H

#include <stdint.h>

#include "hypercall_record.h"

#define HYPERCALL_CODE_MOST 15 /* bytes of an instruction */

/* HYPERCALL_INSTRUCTION_vmcall, HYPERCALL_ABI_acrn, ...: indices below. */
#define ABI(...)
#define INSTRUCTION(name, ...) HYPERCALL_INSTRUCTION_##name,
enum hypercall_instruction_index {
#include "abi.def"
	HYPERCALL_INSTRUCTIONS
};
#undef ABI
#undef INSTRUCTION

#define INSTRUCTION(...)
#define ABI(name, ...) HYPERCALL_ABI_##name,
enum hypercall_abi_index {
#include "abi.def"
	HYPERCALL_ABIS
};
#undef ABI
#undef INSTRUCTION

struct hypercall_instruction {
	const char *name;
	uint8_t size, bytes[HYPERCALL_CODE_MOST];
};

enum hypercall_result {
	HYPERCALL_RESULT_s32,
	HYPERCALL_RESULT_s64,
	HYPERCALL_RESULT_u64,
	HYPERCALL_RESULT_status,
};
enum hypercall_memory { HYPERCALL_MEMORY_physical, HYPERCALL_MEMORY_linear };
enum hypercall_again { HYPERCALL_AGAIN_never, HYPERCALL_AGAIN_same_rip };

struct hypercall_abi {
	const char *name, *signature;
	uint32_t instructions; /* mask of enum hypercall_instruction_index */
	uint8_t number;	       /* enum hypercall_register, as all that is a register */
	uint64_t number_mask;
	struct {
		uint64_t base, index; /* an index of 0: any number may be one */
	} numbers;
	uint8_t arguments, argument[HYPERCALL_ARGUMENTS];
	uint8_t result, result_type; /* enum hypercall_result */
	uint32_t lost; /* mask of registers; of HYPERCALL_REGISTERS for those of the arguments */
	const char *errors; /* those of this name_errors.def */
	uint8_t again;	    /* enum hypercall_again */
	uint8_t memory;	    /* enum hypercall_memory */
};

/* The names that abi.def has for registers. */
#define HYPERCALL_REGISTER_rax	HYPERCALL_RAX
#define HYPERCALL_REGISTER_rcx	HYPERCALL_RCX
#define HYPERCALL_REGISTER_rdx	HYPERCALL_RDX
#define HYPERCALL_REGISTER_rbx	HYPERCALL_RBX
#define HYPERCALL_REGISTER_rsp	HYPERCALL_RSP
#define HYPERCALL_REGISTER_rbp	HYPERCALL_RBP
#define HYPERCALL_REGISTER_rsi	HYPERCALL_RSI
#define HYPERCALL_REGISTER_rdi	HYPERCALL_RDI
#define HYPERCALL_REGISTER_r8	HYPERCALL_R8
#define HYPERCALL_REGISTER_r9	HYPERCALL_R9
#define HYPERCALL_REGISTER_r10	HYPERCALL_R10
#define HYPERCALL_REGISTER_r11	HYPERCALL_R11
#define HYPERCALL_REGISTER_r12	HYPERCALL_R12
#define HYPERCALL_REGISTER_r13	HYPERCALL_R13
#define HYPERCALL_REGISTER_r14	HYPERCALL_R14
#define HYPERCALL_REGISTER_r15	HYPERCALL_R15
#define HYPERCALL_REGISTER_args HYPERCALL_REGISTERS /* in LOST */

/* m(A) m(B) ..., for the words of a term: 1 to 8. */
#define ABI_EACH_1_(m, a)				       m(a)
#define ABI_EACH_2_(m, a, ...)				       m(a) ABI_EACH_1_(m, __VA_ARGS__)
#define ABI_EACH_3_(m, a, ...)				       m(a) ABI_EACH_2_(m, __VA_ARGS__)
#define ABI_EACH_4_(m, a, ...)				       m(a) ABI_EACH_3_(m, __VA_ARGS__)
#define ABI_EACH_5_(m, a, ...)				       m(a) ABI_EACH_4_(m, __VA_ARGS__)
#define ABI_EACH_6_(m, a, ...)				       m(a) ABI_EACH_5_(m, __VA_ARGS__)
#define ABI_EACH_7_(m, a, ...)				       m(a) ABI_EACH_6_(m, __VA_ARGS__)
#define ABI_EACH_8_(m, a, ...)				       m(a) ABI_EACH_7_(m, __VA_ARGS__)
#define ABI_NINTH_(_1, _2, _3, _4, _5, _6, _7, _8, ninth, ...) ninth
#define ABI_EACH_(m, ...)                                                                          \
	ABI_NINTH_(__VA_ARGS__, ABI_EACH_8_, ABI_EACH_7_, ABI_EACH_6_, ABI_EACH_5_, ABI_EACH_4_,   \
		   ABI_EACH_3_, ABI_EACH_2_, ABI_EACH_1_, )                                        \
	(m, __VA_ARGS__)

#define ABI_WHOLE_(reg)		       .number = HYPERCALL_REGISTER_##reg, .number_mask = UINT64_MAX,
#define ABI_MASKED_(reg, mask)	       .number = HYPERCALL_REGISTER_##reg, .number_mask = mask,
#define ABI_THIRD_(_1, _2, third, ...) third
#define ABI_NUMBER_(reg)	       HYPERCALL_REGISTER_##reg,
#define ABI_BIT_(reg)		       | 1u << HYPERCALL_REGISTER_##reg
#define ABI_INSTRUCTION_(name)	       | 1u << HYPERCALL_INSTRUCTION_##name

#define ABI(...)
#define INSTRUCTION(name_, ...)                                                                    \
	{.name = #name_, .size = sizeof((uint8_t[]){__VA_ARGS__}), .bytes = {__VA_ARGS__}},
static const struct hypercall_instruction hypercall_instructions[] = {
#include "abi.def"
};
#undef INSTRUCTION
#undef ABI

#define INSTRUCTION(...)
#define ABI(name_, signature_, insn, nr, nrs, args, ret, lost_, errors_, again_, memory_)          \
	{.name = #name_,                                                                           \
	 .signature = signature_,                                                                  \
	 insn nr nrs args ret lost_ errors_ again_ memory_},
#define INSN(...)    .instructions = 0 ABI_EACH_(ABI_INSTRUCTION_, __VA_ARGS__),
#define NUMBER(...)  ABI_THIRD_(__VA_ARGS__, ABI_MASKED_, ABI_WHOLE_, )(__VA_ARGS__)
#define NUMBERS(...) .numbers = {__VA_ARGS__},
#define ARGS(...)                                                                                  \
	.arguments = sizeof((uint8_t[]){ABI_EACH_(ABI_NUMBER_, __VA_ARGS__)}),                     \
	.argument = {ABI_EACH_(ABI_NUMBER_, __VA_ARGS__)},
#define RET(reg, type) .result = HYPERCALL_REGISTER_##reg, .result_type = HYPERCALL_RESULT_##type,
#define LOST(...)      .lost = 0 ABI_EACH_(ABI_BIT_, __VA_ARGS__),
#define ERRORS(scheme) .errors = #scheme,
#define AGAIN(when)    .again = HYPERCALL_AGAIN_##when,
#define MEMORY(kind)   .memory = HYPERCALL_MEMORY_##kind,
static const struct hypercall_abi hypercall_abis[] = {
#include "abi.def"
};
#undef INSTRUCTION
#undef ABI
#undef INSN
#undef NUMBER
#undef NUMBERS
#undef ARGS
#undef RET
#undef LOST
#undef ERRORS
#undef AGAIN
#undef MEMORY

/* The registers that any call may change, as a mask. */
static inline uint32_t hypercall_lost(const struct hypercall_abi *abi)
{
	uint32_t lost = abi->lost & ~(1u << HYPERCALL_REGISTERS);

	for (uint8_t i = 0; i < abi->arguments && abi->lost >> HYPERCALL_REGISTERS; i++)
		lost |= 1u << abi->argument[i];
	return lost;
}

#endif
