/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A Service VM takes a User VM through its life, with the mistakes that one makes on the way: 24
 * calls of 11 kinds and one that ACRN does not know. Run it under the hypervisor and trace it.
 */
#include "user_vm.h"

#define MEGABYTE	 0x100000ull
#define USER_MEMORY	 (16 * MEGABYTE) /* where the Service VM has memory to spare */
#define USER_MEMORY_SIZE (2 * MEGABYTE)
#define NOT_OURS	 (32 * MEGABYTE) /* the hypervisor's own memory */
#define NO_SUCH_VM	 9
#define NO_SUCH_VMID	 20
#define NO_SUCH_CALL	 0x80000099

#define FAILED (-1)
#define EINVAL 22
#define ENOTTY 25

static int surprises;

static void report(const char *what, long expected, long got)
{
	print("service: %s: %ld\n", what, got);
	if (got != expected) {
		print("service: ... which should have been %ld\n", expected);
		surprises++;
	}
}

static uint16_t bring_up(void)
{
	struct hc_api_version version = {0};
	uint64_t hpa;
	uint16_t vm;

	report("ask for the API version", 0, ask_api_version(&version));
	print("service: it is %u.%u\n", version.major_version, version.minor_version);
	report("create a VM", 0, create_user_vm("user-vm", &vm));
	print("service: it has id %u\n", vm);
	report("start it, which is too early", FAILED, start_user_vm(vm));
	report("share a page for its I/O requests", 0, share_request_page(vm));
	report("give it 2 MiB", 0, give_memory(vm, 0, USER_MEMORY, USER_MEMORY_SIZE));
	report("find its second MiB", 0, find_memory(vm, MEGABYTE, &hpa));
	print("service: that is at %#lx\n", hpa);
	surprises += hpa != USER_MEMORY + MEGABYTE;
	report("find what it was not given", FAILED, find_memory(vm, 3 * MEGABYTE, &hpa));
	report("set its entry point", 0, set_entry_point(vm, 0x100));
	return vm;
}

static void run(uint16_t vm)
{
	report("start it", 0, start_user_vm(vm));
	report("start it again", FAILED, start_user_vm(vm));
	report("set its entry point while it runs", FAILED, set_entry_point(vm, 0x200));
	report("finish a request of its vCPU 0", 0, finish_request(vm, 0));
	report("reset it while it runs", FAILED, reset_user_vm(vm));
	report("pause it", 0, pause_user_vm(vm));
	report("reset it", 0, reset_user_vm(vm));
	report("start it once more", 0, start_user_vm(vm));
}

static void take_down(uint16_t vm)
{
	report("destroy it while it runs", FAILED, destroy_user_vm(vm));
	report("pause it", 0, pause_user_vm(vm));
	report("take its memory", 0, take_memory(vm, 0, USER_MEMORY_SIZE));
	report("destroy it", 0, destroy_user_vm(vm));
	report("destroy it again", FAILED, destroy_user_vm(vm));
}

static void ask_the_impossible(void)
{
	struct hc_api_version *not_ours = (struct hc_api_version *)NOT_OURS;

	report("start a VM that is off", FAILED, start_user_vm(NO_SUCH_VM));
	report("start a VM with no such id", -ENOTTY, start_user_vm(NO_SUCH_VMID));
	report("ask for the version at a bad address", -EINVAL, ask_api_version(not_ours));
	report("make a call that there is not", -ENOTTY, acrn_hypercall2(NO_SUCH_CALL, 1, 2));
}

int guest_main(void)
{
	uint16_t vm = bring_up();

	run(vm);
	take_down(vm);
	ask_the_impossible();
	print("service: done, %d surprises\n", surprises);
	return surprises != 0;
}
