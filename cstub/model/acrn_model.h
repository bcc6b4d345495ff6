/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ACRN's hypercalls as a state machine: what ACRN answers, which memory it changes and what becomes
 * of its VMs. No libc (but memcpy and memset, which compilers take for granted), no allocation, no
 * globals: all state is in a struct acrn_model of the caller's, which must not move or be copied
 * while in use. Nothing here locks; the caller makes one call at a time.
 *
 *	static struct acrn_model model;
 *	struct acrn_memory memory = {.opaque = me, .read = my_read, .write = my_write};
 *	struct acrn_vmcall call = {.number = number, .argument = {first, second}};
 *
 *	acrn_model_init(&model, &acrn_machine_default, &memory);
 *	switch (acrn_model_vmcall(&model, &call, &rax)) { ... }
 *
 * A User VM is state only and never runs, so that no interrupt ever comes of it, and an I/O request
 * only if acrn_model_make_request says so.
 * What is odd about a call, and what the model does where ACRN would crash, stands in the file of
 * its handler; ACRN's own answers are recorded in tests/conformance.
 */
#ifndef ACRN_MODEL_H
#define ACRN_MODEL_H

#include <stddef.h>
#include "acrn_machine.h"

/*
 * The Service VM's guest-physical memory, which is the machine's. Each function moves `size` bytes
 * (1 to 4096, never across a 4 KiB boundary) and returns 0, or anything else if the memory is not
 * there. Addresses in the machine's holes are never asked for.
 */
struct acrn_memory {
	void *opaque;
	int (*read)(void *opaque, uint64_t gpa, void *to, size_t size);
	int (*write)(void *opaque, uint64_t gpa, const void *from, size_t size);
};

struct acrn_vmcall {
	uint16_t vm;   /* who calls: the absolute VM id */
	uint16_t vcpu; /* and from which of its vCPUs */
	uint8_t cpl;   /* the low two bits of CS */
	uint64_t number;
	uint64_t argument[2];
};

enum acrn_outcome {
	ACRN_RETURNED, /* RAX is set */
	ACRN_RAISES_UD,
	ACRN_RAISES_GP, /* with error code 0 */
};

enum acrn_vm_state {
	ACRN_VM_OFF = 0,
	ACRN_VM_CREATED = 1,
	ACRN_VM_RUNNING = 2,
	ACRN_VM_READY_TO_POWER_OFF = 3,
	ACRN_VM_PAUSED = 4,
};

struct acrn_model;

/* Brings the model to where the machine is after ACRN has booted: the Service VM runs, all else is
 * off. */
void acrn_model_init(struct acrn_model *model, const struct acrn_machine *machine,
		     const struct acrn_memory *memory);

/* Answers one VMCALL. *rax is written for ACRN_RETURNED only, sign-extended from 32 bits as ACRN
 * does. */
enum acrn_outcome acrn_model_vmcall(struct acrn_model *model, const struct acrn_vmcall *call,
				    uint64_t *rax);

/* Why ACRN answered a call as it did: a clause about the call, its VM and its structure. */
struct acrn_reason {
	const char *text; /* "%" in it stands for `number`, in hexadecimal; NULL: there is none */
	uint64_t number;
	bool no_vm; /* its VM is off; who saw the calls before knows whether it ever was created */
};

/*
 * Why the last VMCALL was refused: each answer of -1, also of -ACRN_EPERM, has a reason, and each
 * that is due to the VM's state. Other errors have none.
 */
struct acrn_reason acrn_model_reason(const struct acrn_model *model);

/* Whether the low eight bits of the number choose a call that has a handler. */
bool acrn_model_handles(uint64_t number);

/* A VM's state; ACRN_VM_OFF if there is no such VM. */
enum acrn_vm_state acrn_model_vm_state(const struct acrn_model *model, uint16_t vm);

/* Puts other flags (enum acrn_vm_flags) on a VM, for tests; changes nothing if there is no such VM.
 */
void acrn_model_set_vm_flags(struct acrn_model *model, uint16_t vm, uint64_t flags);

/*
 * For tests of what reads the answers: from now on each call that has a handler answers 0, whoever
 * makes it, and of what ACRN may write to its structure, byte n (from the structure's start)
 * becomes `pattern` + n. -EINVAL where that memory is not there. No call has any other effect. 0
 * ends it.
 */
void acrn_model_set_answer_pattern(struct acrn_model *model, uint8_t pattern);

enum acrn_request {
	ACRN_REQUEST_NONE, /* the vCPU made none, or its VM was reset */
	ACRN_REQUEST_WAITS,
	ACRN_REQUEST_ANSWERED,
	ACRN_REQUEST_UNANSWERED, /* notify_request_finish came before the request was complete */
};

/*
 * Makes an I/O request of a running User VM's vCPU (absolute id): its type and `reqs` go to the
 * vCPU's slot of the page that set_ioreq_buffer named, as pending. It is the caller that interrupts
 * the Service VM's vCPU 0 then, with acrn_model_callback_vector. False if there is no such running
 * VM or vCPU, no page, or the slot is not free.
 */
bool acrn_model_make_request(struct acrn_model *model, uint16_t vm, uint16_t vcpu,
			     const struct acrn_io_request *request);

/* What became of a vCPU's last request; *answer is the value in it if it is ANSWERED. */
enum acrn_request acrn_model_request(struct acrn_model *model, uint16_t vm, uint16_t vcpu,
				     uint64_t *answer);

/* The vector that set_callback_vector chose, 0xf3 before that. */
uint8_t acrn_model_callback_vector(const struct acrn_model *model);

/*
 * Brings a VM (absolute id) that the Service VM has a say over to a state, as if calls had: with
 * the vCPUs of its configuration, no memory and no page of requests. False if there is no such VM,
 * or it is the Service VM.
 */
bool acrn_model_set_vm_state(struct acrn_model *model, uint16_t vm, enum acrn_vm_state state);

/* How large a struct acrn_model is, for a caller that only knows its name (a shared library's). */
size_t acrn_model_size(void);

#include "model_state.h"

#endif
