/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ends that a call leads to by what becomes of it: it never returns, or it returns and its result
 * is not looked at.
 */
#include "crash.h"
#include "machine.h"
#include "x86.h"

#define CPU_1	 0x2
#define ALL_CPUS 0xffff /* more than there are: ACRN refuses */

static struct acrn_vm_creation vm = {.name = "crash-vm", .cpu_affinity = CPU_1};
static struct acrn_ioreq_buffer ioreq;

static __attribute__((noinline)) long create_vm(void)
{
	return acrn_call(create_vm, &vm);
}

void call_hangs(void)
{
	make_some_calls();
	acrn_call(hang_in, ACRN_NR_create_vm);
	tell_other_vcpu();
	last_words();
	create_vm();
}

/* The first call hangs with the hypervisor's lock, so that this vCPU's waits for it. */
void hang_behind_another_call(void)
{
	static struct hc_api_version version;

	await_other_vcpu();
	for (unsigned n = 0; n < 1000000; n++)
		pause();
	last_words();
	acrn_call(get_api_version, &version);
}

void structure_is_overwritten(void)
{
	make_some_calls();
	acrn_call(hang_in, ACRN_NR_create_vm);
	tell_other_vcpu();
	create_vm();
}

/* As by a stray pointer. The call is under way by then, or soon. */
void overwrite_structure(void)
{
	await_other_vcpu();
	for (unsigned n = 0; n < 1000000; n++)
		pause();
	memset(vm.name, 'Z', sizeof(vm.name));
	vm.cpu_affinity = 0;
	panic("the other vCPU does not answer");
}

/* The id that create_vm did not write is 0, and 0 is the Service VM itself. */
void error_is_ignored(void)
{
	make_some_calls();
	vm.cpu_affinity = ALL_CPUS;
	create_vm();
	ioreq.gpa = 0x500000;
	acrn_call(set_ioreq_buffer, vm.vmid, &ioreq);
	if (acrn_call(start_vm, vm.vmid))
		panic("the VM does not start");
}

/* There is no memory for a secure world, which create_vm says in the structure alone. */
void creation_fails_with_0(void)
{
	make_some_calls();
	vm.vm_flag = ACRN_VM_SECURE_WORLD_ENABLED;
	if (create_vm())
		panic("no VM");
	ioreq.gpa = 0x500000;
	if (acrn_call(set_ioreq_buffer, vm.vmid, &ioreq))
		panic("no buffer for I/O requests");
}

void call_is_not_permitted(void)
{
	make_some_calls();
	if (acrn_call(world_switch, 1, 2))
		panic("the secure world does not answer");
}

void sleep_in_tee_call(void)
{
	await_other_vcpu();
	make_some_calls();
	acrn_call(call_as, 0, ACRN_VM_TEE);
	last_words();
	acrn_call(tee_vcpu_boot_done, 0);
}
