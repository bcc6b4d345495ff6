/* SPDX-License-Identifier: BSD-3-Clause */
/* VMs: their slots, names and CPUs, and the Service VM as one of them. */
#include "service_vm.h"

static void all_slots_can_be_taken(void **unused)
{
	char name[] = "vm a";
	uint16_t vm;

	(void)unused;
	power_on();
	for (uint16_t id = 2; id < 16; id++, name[3]++) {
		assert_int_equal(create(name, 0, 0x1, &vm), 0);
		assert_int_equal(vm, id);
	}
	assert_int_equal(create(name, 0, 0x1, &vm), NO_CALL);
	assert_int_equal(create("POST_STD_VM1", 0, 0, &vm), 0);
	assert_int_equal(vm, 1);
	assert_int_equal(call(0x13, 7, 0), 0);
	assert_int_equal(call(0x11, 7, 0), 0);
	assert_int_equal(create(name, 0, 0x1, &vm), 0);
	assert_int_equal(vm, 7);
}

/* The second create_vm by one name wipes the name of the first: its slot counts as free from then
 * on. */
static void the_same_name_twice_blocks_the_slot(void **unused)
{
	uint16_t vm;

	(void)unused;
	power_on();
	assert_int_equal(create("dyn", 0, 0x4, &vm), 0);
	assert_int_equal(create("dyn", 0, 0x4, &vm), FAILED);
	assert_int_equal(create("another", 0, 0x8, &vm), FAILED);
	assert_int_equal(create("a third", 0, 0x8, &vm), FAILED);
	assert_int_equal(acrn_model_vm_state(&model, 3), ACRN_VM_OFF);
	assert_int_equal(call(0x13, 2, 0), 0);
	assert_int_equal(call(0x11, 2, 0), 0);
	assert_int_equal(create("another", 0, 0x8, &vm), 0);
	assert_int_equal(vm, 2);
}

static void configured_names_stay(void **unused)
{
	uint16_t vm;

	(void)unused;
	power_on();
	assert_int_equal(create("ACRN_Service_VM", 0, 0, &vm), FAILED);
	assert_int_equal(create("POST_STD_VM1", 0, 0, &vm), 0);
	assert_int_equal(create("POST_STD_VM1", 0, 0, &vm), FAILED);
	assert_int_equal(create("POST_STD_VM1\0tail", 0, 0, &vm), FAILED);
	assert_int_equal(create("POST_STD_VM", 0, 0x1, &vm), 0);
	assert_int_equal(vm, 2);
}

static void cpus_of_a_vm(void **unused)
{
	uint16_t vm;

	(void)unused;
	power_on();
	assert_int_equal(create("POST_STD_VM1", 0, 0x1, &vm), FAILED);
	assert_int_equal(create("POST_STD_VM1", 0, 0x6, &vm), FAILED);
	assert_int_equal(create("POST_STD_VM1", 0, 0x2, &vm), 0);
	assert_int_equal(create("dyn", 0, 0xf, &vm), 0);
	assert_int_equal(model.vm[2].vcpus, 4);
	assert_int_equal(create("no such cpu", 0, 0x10, &vm), FAILED);
	assert_int_equal(create("no such cpu", 0, UINT64_C(1) << 63, &vm), FAILED);
	assert_int_equal(create("fine", 0, 0x8, &vm), 0);
	assert_int_equal(vm, 3);
}

static void passthrough_needs_real_time(void **unused)
{
	uint16_t vm;

	(void)unused;
	power_on();
	assert_int_equal(create("POST_STD_VM1", ACRN_VM_LAPIC_PASSTHROUGH, 0, &vm), FAILED);
	assert_int_equal(create("POST_STD_VM1", ACRN_VM_LAPIC_PASSTHROUGH | ACRN_VM_RT, 0, &vm), 0);
	assert_int_equal(vm, 1);
}

static void the_service_vm_is_a_vm(void **unused)
{
	uint64_t page = IOREQS;
	uint16_t vm;

	(void)unused;
	power_on();
	assert_int_equal(translate(0, 0x23456789), 0x23456789);
	assert_int_equal(call(0x25, 0, 23), 0);
	assert_int_equal(call(0x25, 0, 24), FAILED);
	assert_int_equal(call(0x13, 0, 0), 0);
	assert_int_equal(call(0x15, 0, 0), 0);
	put(POINTER, &page, sizeof(page));
	assert_int_equal(call(0x30, 0, POINTER), 0);
	assert_int_equal(call(0x12, 0, 0), 0);
	assert_int_equal(acrn_model_vm_state(&model, 0), ACRN_VM_RUNNING);
	assert_int_equal(call(0x13, 0, 0), 0);
	assert_int_equal(call(0x11, 0, 0), 0);
	assert_int_equal(acrn_model_vm_state(&model, 0), ACRN_VM_OFF);
	assert_int_equal(call(0x00, ARGUMENT, 0), INVALID);
	assert_int_equal(create("dyn", 0, 0x1, &vm), NO_CALL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_slots_can_be_taken),	   TEST(the_same_name_twice_blocks_the_slot),
		TEST(configured_names_stay),	   TEST(cpus_of_a_vm),
		TEST(passthrough_needs_real_time), TEST(the_service_vm_is_a_vm),
	};

	return cmocka_run_group_tests(tests, NULL, forget_memory);
}
