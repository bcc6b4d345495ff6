/* SPDX-License-Identifier: BSD-3-Clause */
/* QEMU's callbacks: finds hypercall instructions in what QEMU translates, and is told of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "play.h"
#include "plugin.h"
#include "qemu_plugin.h"
#include "rules.h"

#define PAGE		4096u
#define CPUID_SIZE	2
#define LOOKED_AT	8 /* bytes of an instruction */
#define RESET_VECTOR	0xfffffff0u
#define API_VARIABLE	"ACRN_TRACE_PLUGIN_API"
#define MEMORY_ARGUMENT "memory="
#define STOPS_ARGUMENT	"stops="

PLUGIN_EXPORT int qemu_plugin_version = PLUGIN_API_7;

static struct shared_head nothing_recorded;
static struct shared_head *shared = &nothing_recorded;

/* QEMU looks at the version before it calls anything, and no version suits both QEMUs. */
__attribute__((constructor)) static void choose_version(void)
{
	const char *api = getenv(API_VARIABLE);

	if (api)
		qemu_plugin_version = atoi(api);
}

static int is_hypercall(const uint8_t *bytes, size_t size)
{
	for (uint32_t i = 0; i < HYPERCALL_INSTRUCTIONS; i++)
		if (size == hypercall_instructions[i].size &&
		    !memcmp(bytes, hypercall_instructions[i].bytes, size))
			return 1;
	return 0;
}

/* What the callbacks at a call and behind it do. */
static int at_call(void)
{
	return play_answers() || stops_are_wanted() ? PLUGIN_RW_PC : PLUGIN_R_REGS;
}

static int at_return(void)
{
	if (stops_are_wanted())
		return PLUGIN_RW_PC;
	return rules_are_some() ? PLUGIN_RW_REGS : PLUGIN_R_REGS;
}

/*
 * What a callback is given of an instruction: its distance from the page where its block begins,
 * whether the block before it leaves flags alone, and whether it is all of its block.
 *
 * RIP is behind inside a block, and an instruction's address is that of the mapping by which it was
 * translated: the page is right in RIP, the place in the page in the instruction's.
 */
#define IS_CLEAN ((uintptr_t)1)
#define IS_ALONE ((uintptr_t)2)
#define SHIFT	 2

static void *told(const struct plugin_block *block, const struct plugin_instruction *instruction,
		  int is_clean)
{
	uint64_t page = qemu_plugin_tb_vaddr(block) & ~(uint64_t)(PAGE - 1);
	uintptr_t distance = (uintptr_t)(qemu_plugin_insn_vaddr(instruction) - page);
	uintptr_t is_alone = qemu_plugin_tb_n_insns(block) == 1 ? IS_ALONE : 0;

	return (void *)(distance << SHIFT | is_alone | (is_clean ? IS_CLEAN : 0));
}

static uint64_t address_now(unsigned int vcpu, void *told)
{
	uint64_t page = register_read(vcpu, REGISTER_RIP) & ~(uint64_t)(PAGE - 1);

	return page + ((uintptr_t)told >> SHIFT);
}

/* As the rules for a call say, of which no lock is held any more. */
static void hold(unsigned int vcpu)
{
	uint64_t nanoseconds = rules_delay(vcpu);

	if (nanoseconds)
		answers_hold(vcpu, nanoseconds);
}

static void on_hypercall(unsigned int vcpu, void *told)
{
	struct hypercall_record made;
	uint64_t site = address_now(vcpu, told);

	stop_at_call(vcpu, site, (uintptr_t)told & IS_CLEAN, (uintptr_t)told & IS_ALONE);
	if (vcpu >= shared->vcpus)
		return;
	call_entered(vcpu, site, &made);
	hold(vcpu);
	if (play_answers())
		answer_call(vcpu, site, &made, (uintptr_t)told & IS_CLEAN);
}

static void on_return(unsigned int vcpu, void *told)
{
	uint64_t site = address_now(vcpu, told) - LENGTH;

	stop_at_return(vcpu, site, (uintptr_t)told & IS_ALONE);
	if (vcpu >= shared->vcpus)
		return;
	call_returned(vcpu, site);
	hold(vcpu);
}

static void on_vmrun(unsigned int vcpu, void *userdata)
{
	(void)userdata;
	if (vcpu < shared->vcpus)
		memory_guest_runs(vcpu);
}

static void on_vmexit(unsigned int vcpu, void *userdata)
{
	(void)userdata;
	if (vcpu < shared->vcpus)
		memory_guest_left(vcpu);
}

static void on_handler(unsigned int vcpu, void *userdata)
{
	(void)userdata;
	if (vcpu < shared->vcpus)
		answer_in_handler(vcpu);
}

static void on_cpuid(unsigned int vcpu, void *userdata)
{
	(void)userdata;
	if (vcpu < shared->vcpus)
		answer_cpuid(vcpu);
}

static void on_behind_cpuid(unsigned int vcpu, void *userdata)
{
	(void)userdata;
	if (vcpu < shared->vcpus)
		answer_behind_cpuid(vcpu);
}

static void on_boot(unsigned int vcpu, void *userdata)
{
	(void)userdata;
	calls_abandon(vcpu);
	play_boot();
}

/*
 * The bytes in front of the block, or NULL. By where QEMU has them, since a nested guest's memory
 * cannot be read by its addresses; on the page before by their address.
 */
static const uint8_t *bytes_before(const struct plugin_block *block)
{
	static __thread struct byte_array *before;
	uint64_t address = qemu_plugin_tb_vaddr(block);
	const uint8_t *first = qemu_plugin_insn_haddr(qemu_plugin_tb_get_insn(block, 0));

	if (first && (address & (PAGE - 1)) >= LENGTH)
		return first - LENGTH;
	if (!before)
		before = g_byte_array_new();
	return qemu_plugin_read_memory_vaddr(address - LENGTH, before, LENGTH) ? before->data
									       : NULL;
}

static int is_vmrun(const uint8_t *bytes, size_t size)
{
	return size == LENGTH && bytes[0] == 0x0f && bytes[1] == 0x01 && bytes[2] == 0xd8;
}

static int is_cpuid(const uint8_t *bytes, size_t size)
{
	return size == CPUID_SIZE && bytes[0] == 0x0f && bytes[1] == 0xa2;
}

static void watch_start(struct plugin_block *block)
{
	struct plugin_instruction *first = qemu_plugin_tb_get_insn(block, 0);
	const uint8_t *before = bytes_before(block);

	if (qemu_plugin_tb_vaddr(block) == RESET_VECTOR)
		qemu_plugin_register_vcpu_insn_exec_cb(first, on_boot, PLUGIN_R_REGS, NULL);
	if (!before)
		return;
	if (is_hypercall(before, LENGTH))
		qemu_plugin_register_vcpu_insn_exec_cb(first, on_return, at_return(),
						       told(block, first, 0));
	if (is_vmrun(before, LENGTH))
		qemu_plugin_register_vcpu_insn_exec_cb(first, on_vmexit, PLUGIN_R_REGS, NULL);
	if (play_is_acrn() && is_cpuid(before + LENGTH - CPUID_SIZE, CPUID_SIZE))
		qemu_plugin_register_vcpu_insn_exec_cb(first, on_behind_cpuid, PLUGIN_RW_REGS,
						       NULL);
}

static void watch_cpuid(struct plugin_block *block, size_t index, size_t count)
{
	struct plugin_instruction *each = qemu_plugin_tb_get_insn(block, index);

	qemu_plugin_register_vcpu_insn_exec_cb(each, on_cpuid, PLUGIN_R_REGS, NULL);
	if (index + 1 < count)
		qemu_plugin_register_vcpu_insn_exec_cb(qemu_plugin_tb_get_insn(block, index + 1),
						       on_behind_cpuid, PLUGIN_RW_REGS, NULL);
}

static void watch_block(struct plugin_block *block)
{
	size_t count = qemu_plugin_tb_n_insns(block);
	int is_clean = 1, flags = at_call();

	if (count)
		watch_start(block);
	if (play_answers())
		qemu_plugin_register_vcpu_tb_exec_cond_cb(
			block, on_handler, PLUGIN_RW_PC, PLUGIN_NOT_EQUAL, answers_wait(), 0, NULL);
	for (size_t i = 0; i < count; i++) {
		struct plugin_instruction *each = qemu_plugin_tb_get_insn(block, i);
		uint8_t bytes[LOOKED_AT];
		size_t size = qemu_plugin_insn_data(each, bytes, sizeof(bytes));

		if (is_hypercall(bytes, size))
			qemu_plugin_register_vcpu_insn_exec_cb(each, on_hypercall, flags,
							       told(block, each, is_clean));
		else if (is_vmrun(bytes, size))
			qemu_plugin_register_vcpu_insn_exec_cb(each, on_vmrun, PLUGIN_R_REGS, NULL);
		else if (play_is_acrn() && is_cpuid(bytes, size))
			watch_cpuid(block, i, count);
		is_clean = is_clean && leaves_flags_alone(bytes, size);
	}
}

static void on_translation(void *first, void *second, void *third)
{
	(void)third;
	watch_block(qemu_plugin_version >= PLUGIN_API_7 ? first : second);
}

static void on_vcpu(uint64_t first, uint64_t second, void *third)
{
	uint64_t vcpu = qemu_plugin_version >= PLUGIN_API_7 ? first : second;

	(void)third;
	if (registers_learn(qemu_plugin_version)) {
		fprintf(stderr,
			"acrn-trace plugin: this QEMU does not name the registers of x86-64\n");
		exit(1);
	}
	if (vcpu + 1 > shared->seen_vcpus)
		shared->seen_vcpus = (uint32_t)vcpu + 1;
}

static int refuse(const char *why)
{
	fprintf(stderr, "acrn-trace plugin: %s\n", why);
	return -1;
}

/* What follows the name in an argument; NULL where it is another. */
static const char *value_of(const char *argument, const char *name)
{
	return strncmp(argument, name, strlen(name)) ? NULL : argument + strlen(name);
}

/* 0, or -1, which was said. */
static int take_argument(const struct qemu_info *info, const char *argument)
{
	const char *memory = value_of(argument, MEMORY_ARGUMENT);
	const char *stopping = value_of(argument, STOPS_ARGUMENT);

	if (memory) {
		shared = shared_open(memory);
		return shared ? 0
			      : refuse("the memory that it was given is none of this version's; "
				       "'make plugin readers' builds both");
	}
	if (!stopping)
		return refuse("it takes memory=FILE, which acrn-trace makes, and stops=FILE, which "
			      "is made for GDB");
	if (qemu_plugin_version < PLUGIN_API_7)
		return refuse("to stop at calls it needs QEMU 11.1");
	return stops_open(stopping, (uint32_t)info->system.max_vcpus)
		       ? refuse("the file by which GDB is to stop calls cannot be made")
		       : 0;
}

PLUGIN_EXPORT int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc,
				      char **argv)
{
	if (!info->system_emulation || strcmp(info->target_name, "x86_64"))
		return refuse("it traces an x86-64 machine; this QEMU emulates something else");
	for (int i = 0; i < argc; i++)
		if (take_argument(info, argv[i]))
			return -1;
	if (shared == &nothing_recorded && !stops_are_wanted())
		return refuse("it is told nothing to do: memory=FILE, which acrn-trace makes, or "
			      "stops=FILE");
	if (shared != &nothing_recorded && (uint32_t)info->system.max_vcpus > shared->vcpus)
		return refuse("the machine has more vCPUs than there is room for");
	if (play_begin(shared))
		return refuse("what it is to play is none of this version's");
	if (play_answers() && qemu_plugin_version < PLUGIN_API_7)
		return refuse("to answer calls it needs QEMU 11.1");
	if (arguments_begin(shared))
		return refuse("the call table that it was given cannot be used");
	calls_begin(shared);
	answers_begin(shared);
	qemu_plugin_register_vcpu_init_cb(id, on_vcpu, NULL);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation, NULL);
	__atomic_store_n(&shared->begun, 1, __ATOMIC_RELEASE);
	return 0;
}
