/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A plugin for QEMU that records each hypercall of a guest: at the instruction and behind it.
 *
 *   plugin.c: QEMU's callbacks ──▶ calls.c: a call in a slot ──▶ shared.c: its record in a ring
 *                              ├──▶ arguments.c: memory, as decode/ reads it ◀── memory.c
 *                              ├──▶ answers.c: RAX, PC, flags ◀── play.c, rules.c: the answer
 *                              └──▶ stops.c: to where a debugger has a breakpoint, by its rules
 */
#ifndef PLUGIN_H
#define PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#include "decoder.h"
#include "hypercall_abi.h"
#include "hypercall_shared.h"
#include "qemu_plugin.h"

#define LENGTH 3 /* bytes of a hypercall instruction */

/* registers.c */

/* Of RFLAGS: OF, DF, SF, ZF, AF, PF, CF. While a vCPU runs QEMU keeps them apart, where an
 * exception leaves them as they were. What is written of them would be there beside those. */
#define KEPT_APART 0xcd5ull

enum {
	REGISTER_RIP = HYPERCALL_REGISTERS,
	REGISTER_CR0,
	REGISTER_CR3,
	REGISTER_CR4,
	REGISTER_CS,
	REGISTERS
};

/* Learn how QEMU names its registers, in a vCPU's own thread: 0, or -1 if one is missing. */
int registers_learn(int api);
uint64_t register_read(unsigned int vcpu, unsigned int reg);
void register_write(unsigned int vcpu, unsigned int reg, uint64_t value);

/* shared.c */

struct shared_head *shared_open(const char *path);
/* Put a slot's record into the ring of `vcpu`, and free the slot. */
void shared_put(struct shared_head *head, unsigned int vcpu, struct shared_slot *slot);
uint32_t shared_abi_at(const struct shared_head *head, uint64_t site);

/* memory.c */

/* A vCPU runs a guest, by VMRUN; it is behind that instruction. */
void memory_guest_runs(unsigned int vcpu);
void memory_guest_left(unsigned int vcpu);
/* What addresses are to a vCPU that makes a call. Whoever has it holds it while it is in that. */
const struct memory *memory_of(unsigned int vcpu, enum hypercall_memory kind);

/* Write guest-physical memory of the guest that the vCPU runs: 0, or -1: it has none there. */
int memory_write(unsigned int vcpu, uint64_t address, const void *from, uint32_t size);

static inline void store_bits(uint8_t *bytes, uint32_t bit, uint32_t size, uint64_t value)
{
	for (uint32_t i = 0; i < size; i++, bit++)
		bytes[bit / 8] = (uint8_t)((bytes[bit / 8] & ~(1u << bit % 8)) |
					   (value >> i & 1) << bit % 8);
}

/* arguments.c */

/* 0, or -1: the table by which arguments are read is none. */
int arguments_begin(const struct shared_head *head);
/* Add to a call's record what its arguments lead to, as it is at one end of the call. */
void arguments_read(unsigned int vcpu, struct shared_slot *slot, int side);

/* calls.c */

void calls_begin(struct shared_head *head);
/* What the call is, for whoever answers it. */
void call_entered(unsigned int vcpu, uint64_t site, struct hypercall_record *made);
/* The vCPU's newest call is answered by the engine. */
void call_answered(unsigned int vcpu);
/* Tell in the record of the vCPU's newest call what was done to it (enum hypercall_what). */
void call_done(unsigned int vcpu, enum hypercall_what what, const char *text, uint64_t number);
/* The machine boots, as that vCPU says: no call in flight will return. */
void calls_abandon(unsigned int by);
/* The vCPU is behind the hypercall instruction at `site`. */
void call_returned(unsigned int vcpu, uint64_t site);

/* answers.c */

/* Put the answer to the call in place of the instruction at `site`. `is_clean`: no instruction
 * before it in its block has to do with flags. Does not return where it sets the PC. */
void answer_call(unsigned int vcpu, uint64_t site, const struct hypercall_record *made,
		 int is_clean);
/* Whether the vCPU is to come to answer_in_handler() with its next block. */
struct plugin_word answers_wait(void);
void answer_in_handler(unsigned int vcpu);
void answer_cpuid(unsigned int vcpu);
void answer_behind_cpuid(unsigned int vcpu);
void answers_begin(struct shared_head *head);
/* Hold all vCPUs for so many nanoseconds, by that one. */
void answers_hold(unsigned int vcpu, uint64_t nanoseconds);

/* stops.c */

/* Make the file that a debugger writes its rules to, of so many vCPUs: 0, or -1. */
int stops_open(const char *path, uint32_t vcpus);
int stops_are_wanted(void);
/* The vCPU is at the hypercall instruction at `site`, or behind it; `is_alone`: its instruction is
 * all of its block. `is_clean`: as answer_call() has it. Neither returns where it sets the PC. */
void stop_at_call(unsigned int vcpu, uint64_t site, int is_clean, int is_alone);
void stop_at_return(unsigned int vcpu, uint64_t site, int is_alone);

/* flags.c */

int leaves_flags_alone(const uint8_t *bytes, size_t size);

#endif
