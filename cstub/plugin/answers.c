/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Puts answers into a vCPU, so that it has the registers and flags that the hypervisor would leave.
 *
 * Behind code that has to do with flags the PC cannot be set at the hypercall itself (flags.c).
 * There the instruction raises #UD, for which QEMU stores all that there is to know; where the
 * handler is about to begin, its frame has RIP, RFLAGS and RSP, and the vCPU goes on behind the
 * instruction.
 */
#include <string.h>
#include <time.h>

#include "play.h"
#include "plugin.h"
#include "qemu_plugin.h"

#define CPL	    3
#define RESUMES	    0x10000ull /* RF, which a fault sets in its frame, and no instruction leaves */
#define FRAME_WORDS 5	       /* RIP, CS, RFLAGS, RSP, SS. Intel SDM volume 3, figure 6-9 */

static struct shared_head *shared;

/* An interrupt may come before the handler's first instruction, where that lets it (a trap gate).
 * The handler comes then, or never: there is none, or one with another code segment. */
#define BLOCKS (1u << 16)

static struct plugin_word waits; /* of each vCPU: whether its next block is a handler's first */

static struct of_vcpu {
	uint32_t waits;	       /* an answer, for the handler, so many blocks more */
	uint64_t site, result; /* of it */
	uint8_t reg;	       /* where the result goes */
	int has_leaf;
	uint32_t leaf;
} vcpus[SHARED_VCPUS];

void answers_begin(struct shared_head *head)
{
	shared = head;
	if (play_answers())
		waits = (struct plugin_word){qemu_plugin_scoreboard_new(sizeof(uint64_t)), 0};
}

struct plugin_word answers_wait(void)
{
	return waits;
}

static void refuse(void)
{
	__atomic_fetch_add(&shared->refused, 1, __ATOMIC_RELAXED);
}

static void refuse_no_more(void)
{
	__atomic_fetch_sub(&shared->refused, 1, __ATOMIC_RELAXED);
}

void answer_call(unsigned int vcpu, uint64_t site, const struct hypercall_record *made,
		 int is_clean)
{
	struct of_vcpu *of = &vcpus[vcpu];
	uint64_t result;

	if (register_read(vcpu, REGISTER_CS) & CPL) {
		if (play_has_answer(vcpu, made))
			refuse(); /* the processor's #UD; ACRN's #GP cannot be raised */
		return;
	}
	if (play_call(vcpu, made, &result))
		return;
	if (is_clean) {
		call_answered(vcpu);
		register_write(vcpu, hypercall_abis[made->abi].result, result);
		qemu_plugin_set_pc(site + LENGTH);
	}
	refuse(); /* until its handler of #UD begins, if there is one */
	of->waits = BLOCKS;
	of->site = site;
	of->result = result;
	of->reg = hypercall_abis[made->abi].result;
	qemu_plugin_u64_set(waits, vcpu, 1);
}

/* The frame that the processor pushed for an exception, at RSP; 0, or -1. */
static int read_frame(unsigned int vcpu, uint64_t frame[FRAME_WORDS])
{
	static __thread struct byte_array *bytes;
	const size_t size = FRAME_WORDS * sizeof(*frame);

	if (!bytes)
		bytes = g_byte_array_new();
	if (!qemu_plugin_read_memory_vaddr(register_read(vcpu, HYPERCALL_RSP), bytes, size))
		return -1;
	memcpy(frame, bytes->data, size);
	return 0;
}

#define SECOND 1000000000ull

static uint64_t held; /* until then, by the host's steady clock in nanoseconds */

static void wait_until_held_is_over(void)
{
	uint64_t until = __atomic_load_n(&held, __ATOMIC_ACQUIRE);
	const struct timespec time = {(time_t)(until / SECOND), (long)(until % SECOND)};

	while (until && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL))
		; /* a signal */
}

void answers_hold(unsigned int vcpu, uint64_t nanoseconds)
{
	struct timespec now;
	uint64_t until;

	clock_gettime(CLOCK_MONOTONIC, &now);
	until = (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec + nanoseconds;
	if (until > __atomic_load_n(&held, __ATOMIC_ACQUIRE))
		__atomic_store_n(&held, until, __ATOMIC_RELEASE);
	for (uint32_t other = 0; other < shared->seen_vcpus; other++)
		if (other != vcpu)
			qemu_plugin_u64_set(waits, other, 1);
	wait_until_held_is_over();
}

void answer_in_handler(unsigned int vcpu)
{
	struct of_vcpu *of = &vcpus[vcpu];
	uint64_t frame[FRAME_WORDS];

	qemu_plugin_u64_set(waits, vcpu, 0);
	wait_until_held_is_over();
	if (!of->waits)
		return;
	if (read_frame(vcpu, frame) || frame[0] != of->site ||
	    frame[1] != register_read(vcpu, REGISTER_CS)) {
		of->waits--;
		qemu_plugin_u64_set(waits, vcpu, of->waits != 0);
		return;
	}
	of->waits = 0;
	refuse_no_more();
	call_answered(vcpu);
	register_write(vcpu, HYPERCALL_RSP, frame[3]);
	register_write(vcpu, HYPERCALL_RFLAGS, frame[2] & ~(KEPT_APART | RESUMES));
	register_write(vcpu, of->reg, of->result);
	qemu_plugin_set_pc(of->site + LENGTH);
}

void answer_cpuid(unsigned int vcpu)
{
	struct of_vcpu *of = &vcpus[vcpu];

	of->leaf = (uint32_t)register_read(vcpu, HYPERCALL_RAX);
	of->has_leaf = 1;
}

void answer_behind_cpuid(unsigned int vcpu)
{
	static const uint8_t registers[] = {HYPERCALL_RAX, HYPERCALL_RBX, HYPERCALL_RCX,
					    HYPERCALL_RDX};
	struct of_vcpu *of = &vcpus[vcpu];
	uint32_t answer[4];

	if (!of->has_leaf)
		return;
	of->has_leaf = 0;
	if (play_cpuid(of->leaf, answer))
		return;
	for (int i = 0; i < 4; i++)
		register_write(vcpu, registers[i], answer[i]);
}
