/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is on the stacks of a Linux that dies, in little. The command line says where it panics:
 *
 *	syscall		in a system call, whose frame is on top of the kernel's stack
 *	entry		the same, of what else comes in ring 3
 *	interrupt	in an interrupt, which has a stack of its own
 *	oops, vmcall	after an oops in UD2 or VMCALL: its stack is gone, its registers are kept
 *
 * and without any of them in a kernel thread. With `halt` panic() stops with interrupts off,
 * else it goes round with interrupts on. With `second` it is the second vCPU that does, and the
 * first is stopped by it.
 */
#include "lib/answer.h"
#include "percpu.h"
#include "second_cpu.h"
#include "x86.h"

#define VECTOR	   0x31
#define START_VM   0x80000012ul
#define USER_STACK 0x50000 /* mapped, and empty */
#define USER_CODE  0x43ca2b

/* As Linux has it: arch/x86/include/asm/ptrace.h. */
struct pt_regs {
	uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi, orig_rax;
	uint64_t rip, cs, rflags, rsp, ss;
};

/* What Linux keeps of an oops: arch/x86/kernel/dumpstack.c. */
static __attribute__((used)) struct pt_regs exec_summary_regs;
static __attribute__((used)) int die_counter;

static char irq_stack[0x1000] __attribute__((aligned(0x1000)));
static volatile bool panicked;

static void stop(void)
{
	interrupts_off();
	for (;;)
		wait_for_interrupt();
}

__attribute__((noinline)) void panic(void)
{
	print("dying: panic\n");
	panicked = true;
	if (guest_option("halt"))
		stop();
	interrupts_on();
	for (;;)
		pause();
}

__attribute__((noinline)) void do_work(void)
{
	panic();
	__asm__ volatile("");
}

__attribute__((noinline)) void stop_this_cpu(void)
{
	stop();
}

/* Calls `function` as what came in ring 3 at `rip` does. */
static void from_ring_3(uint64_t rip, void (*function)(void))
{
	__asm__ volatile("pushq $0x2b\n\t"
			 "pushq %0\n\t"
			 "pushq $0x246\n\t"
			 "pushq $0x33\n\t"
			 "pushq %1\n\t"
			 "call *%2"
			 :
			 : "r"((uint64_t)USER_STACK + 32), "r"(rip), "r"(function)
			 : "memory");
}

/* A program's system call: never run, but there to be looked at. */
__attribute__((naked, used)) void user_program(void)
{
	__asm__("syscall\n"
		"behind_syscall: ud2");
}
extern char behind_syscall[];

__attribute__((noinline, used)) void leave_interrupt(void)
{
	__asm__ volatile("");
}

/* On the stack of the interrupts, which leads back to the other by its last word. */
static int on_interrupt(struct trap_frame *frame)
{
	char *top = irq_stack + sizeof(irq_stack) - 8;

	(void)frame;
	__asm__ volatile("movq %%rsp, (%0)\n\t"
			 "movq %0, %%rsp\n\t"
			 "call do_work\n\t"
			 "call leave_interrupt\n\t"
			 "popq %%rsp"
			 : "+r"(top)
			 :
			 : "memory");
	return 0;
}

static __attribute__((noinline)) void interrupted_work(void)
{
	traps_set_handler(VECTOR, on_interrupt);
	__asm__ volatile("int %0" : : "i"(VECTOR) : "memory");
}

__attribute__((used)) void make_task_dead(void)
{
	panic();
	__asm__ volatile("");
}

_Noreturn void rewind_stack_and_make_dead(char *top);
__asm__(".type	rewind_stack_and_make_dead, @function\n"
	"rewind_stack_and_make_dead:\n\t"
	"movq	%rdi, %rsp\n\t"
	"call	make_task_dead\n\t"
	".size	rewind_stack_and_make_dead, . - rewind_stack_and_make_dead");

/* The oops itself: the registers are kept, and the task is killed on a stack that is empty. */
bool while_in_flight(struct trap_frame *frame)
{
	exec_summary_regs = (struct pt_regs){.r8 = frame->r8,
					     .rip = frame->rip,
					     .cs = frame->cs,
					     .rflags = frame->rflags,
					     .rsp = frame->rsp,
					     .ss = frame->ss,
					     .orig_rax = -1ul};
	die_counter++;
	rewind_stack_and_make_dead(cpu_stacks[this_cpu()->number] + CPU_STACK_SIZE -
				   sizeof(struct pt_regs));
}

static __attribute__((noinline)) void oops(void)
{
	if (guest_option("vmcall"))
		call_once(START_VM, 2, 0);
	else
		__asm__ volatile("ud2");
	__asm__ volatile("");
}

static void die(void)
{
	if (guest_option("syscall"))
		from_ring_3((uint64_t)behind_syscall, do_work);
	else if (guest_option("entry"))
		from_ring_3(USER_CODE, do_work);
	else if (guest_option("interrupt"))
		interrupted_work();
	else if (guest_option("oops") || guest_option("vmcall"))
		oops();
	else
		do_work();
}

int guest_main(void)
{
	if (!guest_option("second"))
		die();
	second_cpu_run(die);
	while (!panicked)
		pause();
	from_ring_3(USER_CODE, stop_this_cpu);
	return 1;
}
