/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes hypercalls in a host process and answers them in a signal handler: the registers have to be
 * what the caller asked for, and the caller must survive what ACRN may do, that is change RAX and
 * memory. The handler breaks R8 as well, which the asm gives up. Status 0: all right.
 *
 * What VMCALL does in a process depends on the machine (#UD, or a hypervisor that answers), so that
 * here the assembler makes a UD2 and a NOP of it, which are as long.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <ucontext.h>

/* As in a guest whose virtual addresses are not its physical ones. */
#define OFFSET		  0x10000
#define ACRN_GPA(pointer) ((unsigned long)(pointer) + OFFSET)

#include "acrn_calls.h"

__asm__(".macro vmcall\n\t.byte 0x0f, 0x0b, 0x90\n\t.endm");

#define NOINLINE __attribute__((noinline))

static struct {
	unsigned long nr, arg1, arg2;
} seen;
static long answer;
static unsigned int failures;
volatile unsigned long opaque;

static void on_vmcall(int signal, siginfo_t *info, void *context)
{
	greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)signal;
	(void)info;
	seen.nr = regs[REG_R8];
	seen.arg1 = regs[REG_RDI];
	seen.arg2 = regs[REG_RSI];
	if (seen.nr == ACRN_NR_create_vm)
		((struct acrn_vm_creation *)(seen.arg1 - OFFSET))->vmid = 7;
	regs[REG_RAX] = answer;
	regs[REG_R8] = 0x5a5a5a5a5a5a5a5a;
	regs[REG_RIP] += 3;
}

#define EXPECT(condition)                                                                          \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			printf("line %d: %s; nr %#lx arg1 %#lx arg2 %#lx\n", __LINE__, #condition, \
			       seen.nr, seen.arg1, seen.arg2);                                     \
			failures++;                                                                \
		}                                                                                  \
	} while (0)

static NOINLINE void numbers_and_arguments(void)
{
	EXPECT(acrn_hypercall0(0x80000072) == answer && seen.nr == 0x80000072);
	EXPECT(acrn_hypercall0(-1) == answer && seen.nr == ~0ul);
	EXPECT(acrn_hypercall0(0xfedcba9876543210) == answer && seen.nr == 0xfedcba9876543210);
	EXPECT(acrn_hypercall0(opaque + 0x180000010) == answer && seen.nr == 0x180000010);
	EXPECT(acrn_hypercall1(1, -2) == answer && seen.arg1 == ~1ul);
	EXPECT(acrn_hypercall2(opaque, opaque + 3, 4u) == answer && seen.nr == 0);
	EXPECT(seen.arg1 == 3 && seen.arg2 == 4);
	EXPECT(acrn_hypercall2(2, (char)-1, (unsigned char)-1) == answer);
	EXPECT(seen.arg1 == ~0ul && seen.arg2 == 0xff);
}

static NOINLINE void evaluated_once(void)
{
	unsigned long nr = 10, arg1 = 20, arg2 = 30;

	acrn_hypercall2(nr++, arg1++, ++arg2);
	EXPECT(seen.nr == 10 && seen.arg1 == 20 && seen.arg2 == 31);
	EXPECT(nr == 11 && arg1 == 21 && arg2 == 31);
	acrn_call(set_vcpu_regs, (uint16_t)arg1++, (struct acrn_vcpu_regs *)arg2++);
	EXPECT(seen.arg1 == 21 && seen.arg2 == 31 + OFFSET && arg1 == 22 && arg2 == 32);
}

static NOINLINE void nested(void)
{
	EXPECT(acrn_hypercall1(5, acrn_hypercall0(6)) == answer);
	EXPECT(seen.nr == 5 && seen.arg1 == (unsigned long)answer);
}

static NOINLINE void memory_is_read_again(void)
{
	struct acrn_vm_creation vm = {.vmid = 1};

	acrn_call(create_vm, &vm);
	EXPECT(vm.vmid == 7);
	vm.vmid = 2;
	acrn_hypercall1(ACRN_NR_create_vm, ACRN_GPA(&vm));
	EXPECT(vm.vmid == 7);
}

static NOINLINE long plain_call(unsigned long nr, unsigned long arg1, unsigned long arg2)
{
	return answer + (nr & arg1 & arg2 & opaque);
}

/* More live values than registers: the compiler may neither keep one in R8 nor lose one in a red
 * zone. */
#define UNDER_PRESSURE(name, call)                                                                 \
	static NOINLINE unsigned long name(unsigned long a, unsigned long b, unsigned long c,      \
					   unsigned long d, unsigned long e, unsigned long f)      \
	{                                                                                          \
		unsigned long g = a * 3, h = b * 5, i = c * 7, j = d * 11, k = e * 13, l = f * 17; \
		unsigned long hash = (unsigned long)call(a + b, c, d);                             \
                                                                                                   \
		hash += (a ^ g) + (b ^ h) * 3 + (c ^ i) * 5 + (d ^ j) * 7 + (e ^ k) * 9;           \
		hash ^= (unsigned long)call(e + f, hash, d);                                       \
		return hash + a + b + c + d + e + f + g + h + i + j + k + l;                       \
	}
UNDER_PRESSURE(with_hypercalls, acrn_hypercall2)
UNDER_PRESSURE(with_functions, plain_call)

static NOINLINE void nothing_else_is_lost(void)
{
	EXPECT(with_hypercalls(opaque, 2, 3, 4, 5, 6) == with_functions(opaque, 2, 3, 4, 5, 6));
	EXPECT(seen.nr == 11 && seen.arg2 == 4);
}

static NOINLINE void typed_arguments(void)
{
	struct acrn_irqline line = {.gsi = 0x11, .op = ACRN_GSI_RISING_PULSE};
	uint64_t bits = 0x0000000300000012;
	char device[16];

	acrn_call(start_vm, 0x1234);
	EXPECT(seen.nr == 0x80000012 && seen.arg1 == 0x1234);
	acrn_call(set_irqline, 1, line);
	EXPECT(seen.arg1 == 1 && seen.arg2 == 0x0000000200000011);
	acrn_call(set_irqline, 1, bits);
	EXPECT(seen.arg2 == bits);
	acrn_call(assign_ptdev, 1, device);
	EXPECT(seen.arg2 == ACRN_GPA(device));
	acrn_call(profiling_ops, ACRN_PROFILING_GET_VERSION, device);
	EXPECT(seen.nr == 0x80000062 && seen.arg1 == 2);
	acrn_call(world_switch, bits, 9);
	EXPECT(seen.nr == 0x80000071 && seen.arg1 == bits && seen.arg2 == 9);
	EXPECT(acrn_call(save_restore_sworld_ctx) == answer && seen.nr == 0x80000072);
}

int main(void)
{
	static const long answers[] = {0, -25, 0x7fffffffffffffff, 42};
	struct sigaction action = {.sa_sigaction = on_vmcall, .sa_flags = SA_SIGINFO};

	sigaction(SIGILL, &action, NULL);
	for (unsigned int i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		answer = answers[i];
		numbers_and_arguments();
		evaluated_once();
		nested();
		memory_is_read_again();
		nothing_else_is_lost();
		typed_arguments();
	}
	return failures != 0;
}
