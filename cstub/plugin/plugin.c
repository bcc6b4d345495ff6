/* SPDX-License-Identifier: BSD-3-Clause */
/* QEMU's callbacks: finds hypercall instructions in what QEMU translates, and is told of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"
#include "qemu_plugin.h"

#define PAGE		4096u
#define LONGEST		3 /* bytes of a hypercall instruction */
#define API_VARIABLE	"ACRN_TRACE_PLUGIN_API"
#define MEMORY_ARGUMENT "memory="

PLUGIN_EXPORT int qemu_plugin_version = PLUGIN_API_7;

static struct shared_head *shared;

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

/*
 * RIP is behind inside a block, and an instruction's address is that of the mapping by which it was
 * translated: the page is right in RIP, the place in the page in the instruction's.
 */
static uint64_t address_now(unsigned int vcpu, void *distance)
{
	uint64_t page = register_read(vcpu, REGISTER_RIP) & ~(uint64_t)(PAGE - 1);

	return page + (uint64_t)(uintptr_t)distance;
}

static void on_hypercall(unsigned int vcpu, void *distance)
{
	if (vcpu < shared->vcpus)
		call_entered(vcpu, address_now(vcpu, distance));
}

static void on_return(unsigned int vcpu, void *distance)
{
	if (vcpu < shared->vcpus)
		call_returned(vcpu, address_now(vcpu, distance) - LONGEST);
}

/* From the page where the block begins. */
static void *distance_of(const struct plugin_block *block,
			 const struct plugin_instruction *instruction)
{
	uint64_t page = qemu_plugin_tb_vaddr(block) & ~(uint64_t)(PAGE - 1);

	return (void *)(uintptr_t)(qemu_plugin_insn_vaddr(instruction) - page);
}

/* Whether a hypercall instruction stands in front of the block, so that it may come back there. */
static int follows_hypercall(const struct plugin_block *block)
{
	static __thread struct byte_array *before;
	uint64_t address = qemu_plugin_tb_vaddr(block) - LONGEST;

	if (!before)
		before = g_byte_array_new();
	return qemu_plugin_read_memory_vaddr(address, before, LONGEST) &&
	       is_hypercall(before->data, LONGEST);
}

static void watch_block(struct plugin_block *block)
{
	size_t count = qemu_plugin_tb_n_insns(block);

	if (count && follows_hypercall(block)) {
		struct plugin_instruction *first = qemu_plugin_tb_get_insn(block, 0);

		qemu_plugin_register_vcpu_insn_exec_cb(first, on_return, PLUGIN_R_REGS,
						       distance_of(block, first));
	}
	for (size_t i = 0; i < count; i++) {
		struct plugin_instruction *each = qemu_plugin_tb_get_insn(block, i);
		uint8_t bytes[LONGEST + 1];
		size_t size = qemu_plugin_insn_data(each, bytes, sizeof(bytes));

		if (is_hypercall(bytes, size))
			qemu_plugin_register_vcpu_insn_exec_cb(each, on_hypercall, PLUGIN_R_REGS,
							       distance_of(block, each));
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

PLUGIN_EXPORT int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc,
				      char **argv)
{
	const size_t prefix = strlen(MEMORY_ARGUMENT);

	if (argc != 1 || strncmp(argv[0], MEMORY_ARGUMENT, prefix))
		return refuse("it takes memory=FILE, which acrn-trace makes, and nothing else");
	if (!info->system_emulation || strcmp(info->target_name, "x86_64"))
		return refuse("it traces an x86-64 machine; this QEMU emulates something else");
	shared = shared_open(argv[0] + prefix);
	if (!shared)
		return refuse(
			"the file that it was given is none of acrn-trace's, of this version");
	if ((uint32_t)info->system.max_vcpus > shared->vcpus)
		return refuse("the machine has more vCPUs than there is room for");
	calls_begin(shared);
	qemu_plugin_register_vcpu_init_cb(id, on_vcpu, NULL);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation, NULL);
	__atomic_store_n(&shared->begun, 1, __ATOMIC_RELEASE);
	return 0;
}
