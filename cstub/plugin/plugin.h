/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A plugin for QEMU that records each hypercall of a guest: at the instruction and behind it.
 *
 *   plugin.c: QEMU's callbacks ──▶ calls.c: a call in a slot ──▶ shared.c: its record in a ring
 *                                     └─ registers.c
 */
#ifndef PLUGIN_H
#define PLUGIN_H

#include <stdint.h>

#include "hypercall_abi.h"
#include "hypercall_shared.h"

/* registers.c */

enum { REGISTER_RIP = HYPERCALL_REGISTERS, REGISTER_CR3, REGISTERS };

/* Learn how QEMU names its registers, in a vCPU's own thread: 0, or -1 if one is missing. */
int registers_learn(int api);
uint64_t register_read(unsigned int vcpu, unsigned int reg);

/* shared.c */

struct shared_head *shared_open(const char *path);
/* Put a slot's record into the ring of `vcpu`, and free the slot. */
void shared_put(struct shared_head *head, unsigned int vcpu, struct shared_slot *slot);
uint32_t shared_abi_at(const struct shared_head *head, uint64_t site);

/* calls.c */

void calls_begin(struct shared_head *head);
void call_entered(unsigned int vcpu, uint64_t site);
/* The vCPU is behind the hypercall instruction at `site`. */
void call_returned(unsigned int vcpu, uint64_t site);

#endif
