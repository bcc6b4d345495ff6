/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Answers calls in the hypervisor's stead: by fixed results, or by the model of ACRN, which is
 * played from each boot of the machine on.
 */
#ifndef PLAY_H
#define PLAY_H

#include "acrn_machine.h"
#include "acrn_model.h"
#include "hypercall_shared.h"

#define PLAY_REQUESTS 16u

/* An I/O request that a User VM's vCPU is to make, as soon as it can. */
struct play_request {
	uint16_t vm, vcpu;
	uint32_t outcome; /* by the plugin: enum acrn_request */
	uint64_t answer;  /* by the plugin */
	struct acrn_io_request request;
};

/* What ACRN is to be played, as the launcher has it; compiled outside of QEMU. */
struct shared_play {
	uint32_t tsc_khz;	      /* that CPUID is to tell */
	uint32_t state[ACRN_MAX_VMS]; /* enum acrn_vm_state of each VM at boot; 0: as ACRN boots */
	uint32_t is_cpuid_alone;      /* calls are not answered */
	struct acrn_machine machine;
	uint64_t requests; /* how many of these, one after the other */
	struct play_request request[PLAY_REQUESTS];
};

/* 0, or -1: what is to be played is none of this version's. */
int play_begin(struct shared_head *head);
int play_answers(void);
int play_is_acrn(void);
/* The machine boots. */
void play_boot(void);

/* Whether something would answer the call, were it made in ring 0. */
int play_has_answer(unsigned int vcpu, const struct hypercall_record *call);

/* The answer to a call that a vCPU makes in ring 0: 0, or -1: it is not to be answered. */
int play_call(unsigned int vcpu, const struct hypercall_record *call, uint64_t *result);

/* EAX, EBX, ECX, EDX of a CPUID leaf: 0, or -1: it is the processor's. */
int play_cpuid(uint32_t leaf, uint32_t answer[4]);

#endif
