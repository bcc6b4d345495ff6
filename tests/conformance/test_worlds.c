/* SPDX-License-Identifier: BSD-3-Clause */
/* Secure worlds inside of a VM, and VMs that are each other's secure world. */
#include "service_vm.h"

/* Once a slot has asked for a secure world that there is no memory for, it never works again. */
static void a_secure_world_spoils_the_slot(void **unused)
{
	uint16_t vm;

	(void)unused;
	power_on();
	assert_int_equal(create("POST_STD_VM1", ACRN_VM_SECURE_WORLD_ENABLED, 0, &vm), 0);
	assert_int_equal(vm, ACRN_INVALID_VMID);
	assert_int_equal(create("POST_STD_VM1", 0, 0, &vm), 0);
	assert_int_equal(vm, ACRN_INVALID_VMID);
	assert_int_equal(acrn_model_vm_state(&model, 1), ACRN_VM_OFF);
	assert_int_equal(create("dyn", 0, 0x1, &vm), 0);
	assert_int_equal(vm, 2);
}

static void a_secure_world_that_fits(void **unused)
{
	struct trusty_boot_param boot = {.size_of_this_struct = sizeof(boot), .version = 2};
	uint16_t vm;

	(void)unused;
	machine.trusty_vms = 1;
	power_on();
	assert_int_equal(create("POST_STD_VM1", ACRN_VM_SECURE_WORLD_ENABLED, 0, &vm), 0);
	assert_int_equal(vm, 1);
	assert_int_equal(set_region(1, ACRN_MR_ADD, 0, RAM, 0x1000), 0);
	assert_int_equal(call_from(1, 0x80000071, 0, 0), -ACRN_EPERM);
	assert_int_equal(call_from(1, 0x80000072, 0, 0), INVALID);
	assert_int_equal(call_from(1, 0x80000070, 0x1000, 0), -ACRN_EFAULT);
	assert_int_equal(call_from(1, 0x80000070, 0, 0), -ACRN_EFAULT);
	put(RAM, &boot, sizeof(boot));
	assert_int_equal(call_from(1, 0x80000070, 0, 0), 0);
	assert_int_equal(call_from(1, 0x80000070, 0, 0), -ACRN_EPERM);
	assert_int_equal(call_from(1, 0x80000071, 0, 0), 0);
	assert_int_equal(call_from(1, 0x80000070, 0, 0), -ACRN_EPERM);
	assert_int_equal(call_from(1, 0x80000072, 0, 0), 0);
}

static void a_tee_and_its_ree(void **unused)
{
	(void)unused;
	machine.vm[1].companion = 0;
	machine.vm[1].flags |= ACRN_VM_TEE;
	bring_vm_to(ACRN_VM_CREATED);
	assert_int_equal(call_from(1, 0x80000090, 0, 0), 0);
	assert_int_equal(call_from(1, 0x80000090, 1, 0), 0);
	assert_int_equal(call_from(1, 0x80000091, 0, 0), 0);
	machine.vm[1].companion = (uint16_t)ACRN_INVALID_VMID;
	bring_vm_to(ACRN_VM_CREATED);
	assert_int_equal(call_from(1, 0x80000090, 0, 0), 0);
	assert_int_equal(call_from(1, 0x80000091, 0, 0), INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_secure_world_spoils_the_slot),
		TEST(a_secure_world_that_fits),
		TEST(a_tee_and_its_ree),
	};

	return cmocka_run_group_tests(tests, NULL, forget_memory);
}
