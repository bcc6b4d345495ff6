/* SPDX-License-Identifier: BSD-3-Clause */
/* Answers calls by fixed results, and by the model of ACRN over QEMU's memory. */
#include <string.h>

#include "acrn_model.h"
#include "hypercall_abi.h"
#include "lock.h"
#include "play.h"
#include "qemu_plugin.h"
#include "replay.h"
#include "rules.h"

/* ACRN's arch/x86/guest/vcpuid.c; a hypervisor has the leaves from LEAF_FIRST to LEAF_END. */
#define LEAF_FIRST	0x40000000u
#define LEAF_FEATURES	0x40000001u
#define LEAF_TSC	0x40000010u /* the highest of ACRN's */
#define LEAF_END	0x40000100u
#define IS_PRIVILEGED	1u
#define SIGNATURE_BYTES 12u
#define NO_SUCH_CALL	25 /* ENOTTY */

static struct shared_play *play;
static uint64_t next_request; /* the last of those before it may be waiting still */
static struct acrn_model model;
static char lock;

/* The memory is the machine's own: the Service VM's guest-physical is host-physical. */
static int read_memory(void *opaque, uint64_t address, void *to, size_t size)
{
	static struct byte_array *bytes; /* one call at a time */

	(void)opaque;
	if (!bytes)
		bytes = g_byte_array_new();
	if (qemu_plugin_read_memory_hwaddr(address, bytes, size) || bytes->length != size)
		return -1;
	memcpy(to, bytes->data, size);
	return 0;
}

static int write_memory(void *opaque, uint64_t address, const void *from, size_t size)
{
	static struct byte_array *bytes;

	(void)opaque;
	if (!bytes)
		bytes = g_byte_array_new();
	g_byte_array_set_size(bytes, (unsigned int)size);
	memcpy(bytes->data, from, size);
	return qemu_plugin_write_memory_hwaddr(address, bytes) ? -1 : 0;
}

void play_boot(void)
{
	const struct acrn_memory memory = {.read = read_memory, .write = write_memory};

	if (!play)
		return;
	next_request = 0;
	acrn_model_init(&model, &play->machine, &memory);
	for (uint16_t vm = 0; vm < ACRN_MAX_VMS; vm++)
		if (play->state[vm])
			acrn_model_set_vm_state(&model, vm, (enum acrn_vm_state)play->state[vm]);
}

int play_begin(struct shared_head *head)
{
	if (head->play_bytes && head->play_bytes != sizeof(*play))
		return -1;
	if (head->play_bytes)
		play = (void *)((uint8_t *)head + shared_play_at(head));
	play_boot();
	return rules_begin(head) || replay_begin(head) ? -1 : 0;
}

int play_answers(void)
{
	return play || rules_are_some() || replay_is_some();
}

int play_is_acrn(void)
{
	return play != NULL;
}

#define LOCAL_APIC 0xfee00000ull /* that of vCPU 0, for messages: Intel SDM volume 3, 11.11 */

/* Interrupt vCPU 0, as ACRN does. */
static void upcall(void)
{
	uint32_t message = acrn_model_callback_vector(&model);

	write_memory(NULL, LOCAL_APIC, &message, sizeof(message));
}

/* See what became of the request that waits, and make the next one if its vCPU can. */
static void go_on_with_requests(void)
{
	struct play_request *last = next_request ? &play->request[next_request - 1] : NULL;
	struct play_request *next = &play->request[next_request];

	if (last && last->outcome == ACRN_REQUEST_WAITS)
		last->outcome = acrn_model_request(&model, last->vm, last->vcpu, &last->answer);
	if (next_request == play->requests || next_request == PLAY_REQUESTS ||
	    !acrn_model_make_request(&model, next->vm, next->vcpu, &next->request))
		return;
	next->outcome = ACRN_REQUEST_WAITS;
	next_request++;
	upcall();
}

int play_has_answer(unsigned int vcpu, const struct hypercall_record *call)
{
	uint64_t result;

	return rules_answer(vcpu, &result) || replay_is_some() ||
	       (play && !play->is_cpuid_alone && call->abi == HYPERCALL_ABI_acrn);
}

int play_call(unsigned int vcpu, const struct hypercall_record *call, uint64_t *result)
{
	struct acrn_vmcall made = {.vcpu = (uint16_t)vcpu, .number = call->number};
	enum acrn_outcome outcome;

	if (rules_answer(vcpu, result))
		return 0;
	if (replay_is_some() && !replay_answer(vcpu, call, result))
		return 0;
	if (replay_is_some() && play->is_cpuid_alone) {
		*result = (uint64_t)-NO_SUCH_CALL;
		return 0;
	}
	if (!play || play->is_cpuid_alone || call->abi != HYPERCALL_ABI_acrn)
		return -1;
	made.vm = play->machine.service_vm;
	memcpy(made.argument, call->argument, sizeof(made.argument));
	lock_take(&lock);
	outcome = acrn_model_vmcall(&model, &made, result);
	if (play->requests)
		go_on_with_requests();
	lock_release(&lock);
	return outcome == ACRN_RETURNED ? 0 : -1; /* else the processor's #UD is the answer */
}

int play_cpuid(uint32_t leaf, uint32_t answer[4])
{
	if (!play || leaf < LEAF_FIRST || leaf >= LEAF_END)
		return -1;
	memset(answer, 0, 4 * sizeof(*answer));
	if (leaf == LEAF_FIRST) {
		answer[0] = LEAF_TSC;
		memcpy(answer + 1, hypercall_abis[HYPERCALL_ABI_acrn].signature, SIGNATURE_BYTES);
	} else if (leaf == LEAF_FEATURES) {
		answer[0] = IS_PRIVILEGED;
	} else if (leaf == LEAF_TSC) {
		answer[0] = play->tsc_khz;
	}
	return 0;
}
