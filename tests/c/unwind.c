/* SPDX-License-Identifier: BSD-3-Clause */
/* Functions around a call, for a debugger that walks from each instruction on the way back to main.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <ucontext.h>

#include "acrn_hypercall.h"

__asm__(".macro vmcall\n\t.byte 0x0f, 0x0b, 0x90\n\t.endm"); /* as in trampoline.c */

__thread unsigned int test_vcpu;
static int calls; /* the first comes back with a register changed */

static void on_vmcall(int number, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)number, (void)info;
	registers[REG_RIP] += 3;
	registers[REG_RAX] = 5;
	registers[REG_R11] ^= calls++ == 0;
}

__attribute__((noinline)) long caller(long a, long b)
{
	volatile long local = a;

	return acrn_hypercall2(1, a, b) + local;
}

__attribute__((noinline)) long outer(long a)
{
	return caller(a, a + 1) + 2 * caller(a, a - 1);
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = on_vmcall, .sa_flags = SA_SIGINFO};

	sigaction(SIGILL, &action, 0);
	return outer(2) != 21;
}
