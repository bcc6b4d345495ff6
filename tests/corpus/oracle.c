/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs one case of the corpus and tells what its registers really held. Each VMCALL of the image
 * has been made a UD2 and a NOP; the handler answers as ACRN does, which changes RAX, and what the
 * call says, and nothing else. What is wrong is printed, a line each; status 1 if anything is.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "corpus.h"

#define CHANGED 0x0123456789abcdef

typedef long function(unsigned long, unsigned long, unsigned long, unsigned long, unsigned long);

long enter(unsigned long args[5], function *subject); /* every other register is poisoned */
extern unsigned long kept_wrong;		      /* how many callee-saved ones were not kept */

/* cases.inc is made by the test: a line CASE_(name) for each case that is in this image. */
#define CASE_(name)                                                                                \
	function name##__subject, name##__wanted;                                                  \
	extern const unsigned long name##__numbers[];
#include "cases.inc"
#undef CASE_
#define CASE_(name) {#name, name##__subject, name##__wanted, name##__numbers},
static const struct test_case {
	const char *name;
	function *subject, *wanted;
	const unsigned long *numbers;
} cases[] = {
#include "cases.inc"
};

static const struct test_case *now;

long answer;
unsigned long cell;
volatile unsigned long opaque;

static unsigned long *given;
static unsigned int made;

#define NUMBER_(number, ...) number,
#define HYPERCALL0(...)	     NUMBER_(__VA_ARGS__)
#define HYPERCALL1(...)	     NUMBER_(__VA_ARGS__)
#define HYPERCALL2(...)	     NUMBER_(__VA_ARGS__)
static const unsigned long table[] = {
#include "acrn.def"

#include "corpus.def"
};

static void complain(const char *what, unsigned long is, unsigned long should_be)
{
	printf("%s %s %#lx %#lx\n", now->name, what, is, should_be);
}

static void check(const char *what, unsigned long is, unsigned long should_be)
{
	if (is != should_be)
		complain(what, is, should_be);
}

static int is_call(unsigned long number)
{
	for (unsigned int i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (table[i] == number)
			return 1;
	return 0;
}

static unsigned long expected(void)
{
	unsigned int last = 0;

	while (now->numbers[last + 1] && last < made)
		last++;
	return now->numbers[last];
}

static void create_vm(struct acrn_vm_creation *vm)
{
	check("structure", vm->cpu_affinity, AFFINITY);
	vm->vmid = VMID;
}

static void carry_out(unsigned long number, greg_t *regs)
{
	if (number == ACRN_NR_create_vm)
		create_vm((struct acrn_vm_creation *)regs[REG_RDI]);
	else if (number == ACRN_NR_world_switch)
		regs[REG_RDI] = regs[REG_RSI] = regs[REG_RDX] = regs[REG_RBX] = CHANGED;
	else
		check("argument", regs[REG_RDI], given[0]);
	if (number == ACRN_NR_set_irqline)
		check("argument", regs[REG_RSI], given[1]);
}

static void on_vmcall(int signal, siginfo_t *info, void *context)
{
	greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
	unsigned long number = expected();

	(void)signal;
	(void)info;
	check("number", regs[REG_R8], number);
	if (!is_call(number))
		complain("table", number, 0);
	if ((unsigned long)regs[REG_R8] == number)
		carry_out(number, regs);
	regs[REG_RAX] = answer;
	regs[REG_RIP] += 3;
	made++;
}

static void on_crash(int signal)
{
	printf("%s crash %d\n", now->name, signal);
	fflush(stdout);
	_Exit(1);
}

static void run(unsigned long a)
{
	unsigned long args[] = {a, 0xb1, 0xc2, 0xd3, 0xe4e4e4e4e4e4e4e4};
	long is;

	given = args;
	made = 0;
	cell = 5;
	is = enter(args, now->subject);
	check("kept", kept_wrong, 0);
	if (!made)
		complain("calls", 0, 1);
	cell = 5;
	check("result", is, now->wanted(args[0], args[1], args[2], args[3], args[4]));
}

static void run_case(const struct test_case *test_case)
{
	now = test_case;
	alarm(10);
	for (unsigned long a = 0; a < 4; a++) {
		answer = a == 3 ? -22 : 0x1000 + (long)a;
		run(a);
	}
	fflush(stdout);
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = on_vmcall, .sa_flags = SA_SIGINFO};

	sigaction(SIGILL, &action, NULL);
	signal(SIGSEGV, on_crash);
	signal(SIGALRM, on_crash);
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (!fork()) {
			run_case(&cases[i]);
			_exit(0);
		}
		wait(NULL);
	}
	return 0;
}
