/* SPDX-License-Identifier: BSD-3-Clause */
/* Reaches what is around a guest: its memory, the program that runs it, and the end. */
#ifndef MACHINE_H
#define MACHINE_H

#include "call_log.h"
#include "guest.h"

static inline uint64_t physical(const void *address)
{
	return (uint64_t)address - MAPPED_AT + RAM_AT;
}

static inline void out(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

/* Its text, a page at a time; it is empty afterwards. */
static inline void print_log(struct call_log *log)
{
	log->text[log->size] = 0;
	for (uint32_t at = 0; at < log->size; at += 4096)
		out(PORT_PRINT, (uint32_t)physical(log->text + at));
	log->size = 0;
}

static inline void end_guest(void)
{
	out(PORT_END, 0);
}

static inline void halt(void)
{
	for (;;)
		__asm__ volatile("cli; hlt");
}

/* The first vCPU goes on when each is done, and prints what they have logged; the others halt. */
static inline void print_when_done(unsigned vcpu, struct call_log logs[VCPUS])
{
	static volatile uint32_t done;

	__atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
	if (vcpu)
		halt();
	while (done < VCPUS)
		__asm__ volatile("pause");
	for (unsigned i = VCPUS; i--;)
		print_log(&logs[i]);
}

#endif
