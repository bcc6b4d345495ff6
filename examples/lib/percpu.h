/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What each CPU has of its own. GS points at it, so that it can be reached with no general
 * register.
 */
#ifndef EXAMPLES_PERCPU_H
#define EXAMPLES_PERCPU_H

#define MAX_CPUS       2
#define CPU_STACK_SIZE 0x4000
#define CPU_SCRATCH    16 /* offset of struct cpu's scratch */

#ifndef __ASSEMBLER__
#include <stdint.h>

struct tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3;
	uint16_t io_map;
} __attribute__((packed));

struct cpu {
	struct cpu *self;
	uint64_t number;      /* 0 or 1 */
	uint64_t scratch[64]; /* the image's own use */
	uint64_t gdt[6];
	struct tss tss;
};

extern char cpu_stacks[MAX_CPUS][CPU_STACK_SIZE];

/* Gives the calling CPU its GDT, TSS and GS base; exceptions get a stack of their own (IST 1). */
void percpu_init(unsigned number);

static inline struct cpu *this_cpu(void)
{
	struct cpu *cpu;

	__asm__ volatile("movq %%gs:0, %0" : "=r"(cpu));
	return cpu;
}

/* The same as this_cpu()->number in one access. */
static inline uint32_t this_cpu_number(void)
{
	uint32_t number;

	__asm__ volatile("movl %%gs:%c1, %0"
			 : "=r"(number)
			 : "i"(__builtin_offsetof(struct cpu, number)));
	return number;
}

#endif
#endif
