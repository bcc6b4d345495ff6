/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The processor's registers, bits and instructions that the examples need, for C and for assembly.
 *
 * Source of the values: AMD64 Architecture Programmer's Manual, volumes 2 and 3.
 */
#ifndef EXAMPLES_X86_H
#define EXAMPLES_X86_H

#define CR0_PE	     0x1
#define CR0_ET	     0x10
#define CR0_WP	     0x10000
#define CR0_PG	     0x80000000
#define CR4_PAE	     0x20
#define EFER_LME     0x100
#define EFER_LMA     0x400
#define EFER_SVME    0x1000
#define RFLAGS_FIXED 0x2
#define RFLAGS_CF    0x1
#define RFLAGS_IF    0x200

#define MSR_EFER    0xc0000080
#define MSR_GS_BASE 0xc0000101

#define VECTOR_UD 6
#define VECTOR_GP 13

#define PAGE_PRESENT	0x1
#define PAGE_WRITABLE	0x2
#define PAGE_USER	0x4
#define PAGE_LARGE	0x80
#define PAGE_SIZE	0x1000
#define LARGE_PAGE_SIZE 0x200000

/* Selectors of the boot GDT and of every CPU's own. */
#define SELECTOR_CODE64 0x08
#define SELECTOR_DATA	0x10
#define SELECTOR_CODE32 0x18
#define SELECTOR_TSS	0x20

#ifndef __ASSEMBLER__
#include <stdint.h>

struct cpuid {
	uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid r;

	__asm__ volatile("cpuid"
			 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
			 : "a"(leaf), "c"(subleaf));
	return r;
}

static inline uint64_t rdmsr(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32 | low;
}

static inline void wrmsr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr"
			 :
			 : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
			 : "memory");
}

static inline uint64_t rdtsc(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

static inline uint64_t read_cr3(void)
{
	uint64_t value;

	__asm__ volatile("mov %%cr3, %0" : "=r"(value));
	return value;
}

static inline void outb(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void outw(uint16_t port, uint16_t value)
{
	__asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void outl(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline uint8_t inb(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline uint32_t inl(uint16_t port)
{
	uint32_t value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline void interrupts_on(void)
{
	__asm__ volatile("sti" : : : "memory");
}

static inline void interrupts_off(void)
{
	__asm__ volatile("cli" : : : "memory");
}

static inline void pause(void)
{
	__asm__ volatile("pause" : : : "memory");
}

static inline void wait_for_interrupt(void)
{
	__asm__ volatile("hlt" : : : "memory");
}

#endif
#endif
