/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A Service VM played by a test of the model: it puts structures into its memory, makes calls, and
 * brings up VM 1. Each TEST() begins with the default machine just powered on and memory of zeros.
 */
#ifndef SERVICE_VM_H
#define SERVICE_VM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "acrn_errno.h"
#include "acrn_model.h"
#include "guest_memory.h"

/* Where structures go, in the Service VM's memory. */
#define BASE	 WATCHED_START
#define CREATION (BASE + 0x0000)
#define POINTER	 (BASE + 0x1000)
#define IOREQS	 (BASE + 0x2000)
#define REGS	 (BASE + 0x3000)
#define REGIONS	 (BASE + 0x4000)
#define REGION	 (BASE + 0x5000)
#define ARGUMENT (BASE + 0x8000)
#define RAM	 (BASE + 0x100000)
#define NOWHERE	 UINT64_C(0x10000000000)
#define UNMAPPED UINT64_C(0x11001000)

/* What calls answer. */
#define FAILED	  ACRN_FAILED
#define INVALID	  (-ACRN_EINVAL)
#define NO_DEVICE (-ACRN_ENODEV)
#define NO_CALL	  (-ACRN_ENOTTY)

/* The machine may be changed before power_on() or bring_vm_to(), which begin anew. */
extern struct acrn_machine machine;
extern struct acrn_model model;

#define TEST(function) cmocka_unit_test_setup(function, power_on_default)
int power_on_default(void **unused);
int forget_memory(void **unused); /* the group's teardown */

void power_on(void);

void put(uint64_t gpa, const void *from, size_t size);
void get(uint64_t gpa, void *to, size_t size);

/* A call that returns; its answer must be a 32-bit number with its sign extended. */
int32_t call_from(uint16_t vm, uint64_t nr, uint64_t rdi, uint64_t rsi);
int32_t call(uint8_t index, uint64_t rdi, uint64_t rsi);

/* create_vm's answer; *vm is what came back as vmid. */
int32_t create(const char *name, uint64_t flags, uint64_t cpus, uint16_t *vm);

int32_t set_region(uint16_t vm, uint32_t type, uint64_t gpa, uint64_t from, uint64_t size);

/* Host-physical for a VM's guest-physical; ACRN_INVALID_HPA if the call fails. */
uint64_t translate(uint16_t vm, uint64_t gpa);

/* VM 1 in a state, with memory at 0 and with an ioreq page if it was created. */
void bring_vm_to(enum acrn_vm_state state);

#endif
