/* SPDX-License-Identifier: BSD-3-Clause */
#include "percpu.h"
#include "x86.h"

_Static_assert(__builtin_offsetof(struct cpu, scratch) == CPU_SCRATCH, "assembly relies on it");

char cpu_stacks[MAX_CPUS][CPU_STACK_SIZE] __attribute__((aligned(16)));
static char exception_stacks[MAX_CPUS][CPU_STACK_SIZE] __attribute__((aligned(16)));
static struct cpu cpus[MAX_CPUS];

struct table_pointer {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

static void fill_gdt(struct cpu *cpu)
{
	uint64_t base = (uint64_t)&cpu->tss;
	uint64_t limit = sizeof(cpu->tss) - 1;

	cpu->gdt[SELECTOR_CODE64 / 8] = 0x00af9b000000ffff;
	cpu->gdt[SELECTOR_DATA / 8] = 0x00cf93000000ffff;
	cpu->gdt[SELECTOR_CODE32 / 8] = 0x00cf9b000000ffff;
	cpu->gdt[SELECTOR_TSS / 8] =
		limit | (base & 0xffffff) << 16 | 0x89ull << 40 | (base >> 24 & 0xff) << 56;
	cpu->gdt[SELECTOR_TSS / 8 + 1] = base >> 32;
}

void percpu_init(unsigned number)
{
	struct cpu *cpu = &cpus[number];
	struct table_pointer gdt = {sizeof(cpu->gdt) - 1, (uint64_t)cpu->gdt};

	cpu->self = cpu;
	cpu->number = number;
	cpu->tss.ist[0] = (uint64_t)exception_stacks[number] + CPU_STACK_SIZE;
	cpu->tss.io_map = sizeof(cpu->tss);
	fill_gdt(cpu);
	__asm__ volatile("lgdt %0" : : "m"(gdt));
	__asm__ volatile("ltr %w0" : : "r"(SELECTOR_TSS));
	wrmsr(MSR_GS_BASE, (uint64_t)cpu);
}
