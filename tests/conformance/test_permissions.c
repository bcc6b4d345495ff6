/* SPDX-License-Identifier: BSD-3-Clause */
/* Who may make which call, and what the upper part of a call's number does. */
#include "service_vm.h"

static enum acrn_outcome outcome_of(uint16_t vm, uint8_t cpl)
{
	struct acrn_vmcall call = {
		.vm = vm, .cpl = cpl, .number = 0x80000000, .argument = {ARGUMENT}};
	uint64_t rax = 0x1234;
	enum acrn_outcome outcome = acrn_model_vmcall(&model, &call, &rax);

	if (outcome != ACRN_RETURNED)
		assert_int_equal(rax, 0x1234);
	return outcome;
}

static void faults_come_in_order(void **unused)
{
	(void)unused;
	bring_vm_to(ACRN_VM_CREATED);
	for (uint8_t cpl = 1; cpl < 4; cpl++) {
		assert_int_equal(outcome_of(0, cpl), ACRN_RAISES_GP);
		assert_int_equal(outcome_of(1, cpl), ACRN_RAISES_UD);
	}
	assert_int_equal(outcome_of(1, 0), ACRN_RAISES_UD);
	assert_int_equal(outcome_of(UINT16_MAX, 0), ACRN_RAISES_UD);
	acrn_model_set_vm_flags(&model, 1, ACRN_VM_TEE);
	assert_int_equal(outcome_of(1, 0), ACRN_RETURNED);
	assert_int_equal(outcome_of(1, 3), ACRN_RAISES_GP);
}

/* A call with flags is open to any VM that has one of them, a call without to the Service VM. */
static void permissions(void **unused)
{
	static const uint64_t flags[] = {ACRN_VM_SECURE_WORLD_ENABLED, ACRN_VM_TEE, ACRN_VM_REE};
	static const uint8_t calls[] = {0x70, 0x71, 0x72, 0x90, 0x91};
	static const bool allowed[3][5] = {{1, 1, 1, 0, 0}, {0, 0, 0, 1, 1}, {0, 0, 0, 0, 1}};

	(void)unused;
	bring_vm_to(ACRN_VM_CREATED);
	for (size_t flag = 0; flag < 3; flag++) {
		acrn_model_set_vm_flags(&model, 1, flags[flag]);
		for (size_t i = 0; i < sizeof(calls); i++)
			assert_int_equal(call_from(1, 0x80000000u | calls[i], 0, 0) != NO_CALL,
					 allowed[flag][i]);
		assert_int_equal(call_from(1, 0x80000000, ARGUMENT, 0), NO_CALL);
	}
	for (size_t i = 0; i < sizeof(calls); i++)
		assert_int_equal(call(calls[i], 0, 0), NO_CALL);
}

static void every_other_number(void **unused)
{
	unsigned handled = 0;

	(void)unused;
	power_on();
	for (unsigned index = 0; index < 256; index++) {
		handled += acrn_model_handles(0x80000000u | index);
		if (!acrn_model_handles(0x80000000u | index))
			assert_int_equal(call((uint8_t)index, ARGUMENT, ARGUMENT), NO_CALL);
	}
	assert_int_equal(handled, 38);
}

static void another_magic_takes_the_vmid_from_rdi(void **unused)
{
	(void)unused;
	bring_vm_to(ACRN_VM_CREATED);
	assert_int_equal(call_from(0, 0x00, ARGUMENT, 0), NO_CALL);
	assert_int_equal(call_from(0, 0x12345600, BASE + 0x10000, 0), 0);
	assert_int_equal(call_from(0, 0x13, 1, 0), 0);
	assert_int_equal(acrn_model_vm_state(&model, 1), ACRN_VM_PAUSED);
	assert_int_equal(call_from(0, UINT64_C(0x180000013), 16, 0), NO_CALL);
	assert_int_equal(call_from(0, 0x80, 0x1000002, ARGUMENT), FAILED);
	assert_int_equal(call_from(0, 0x80, 0x0010001, ARGUMENT), FAILED);
	assert_int_equal(call_from(0, 0x44, 0x10001, NOWHERE), FAILED);
}

/* A slot that no create_vm has named yet is VM 0 by its configuration. */
static void another_magic_creates_what_the_slot_is(void **unused)
{
	struct acrn_vm_creation creation = {.name = "other", .cpu_affinity = 0};
	uint16_t vm;

	(void)unused;
	power_on();
	put(BASE + 0x20002, &creation, sizeof(creation));
	assert_int_equal(call_from(0, 0x10, BASE + 0x20002, 0), FAILED);
	assert_int_equal(create("dyn", 0, 0x4, &vm), 0);
	assert_int_equal(vm, 2);
	assert_int_equal(call(0x13, 2, 0), 0);
	assert_int_equal(call(0x11, 2, 0), 0);
	assert_int_equal(call_from(0, 0x10, BASE + 0x20002, 0), 0);
	assert_int_equal(acrn_model_vm_state(&model, 2), ACRN_VM_CREATED);
	assert_int_equal(create("ACRN VM_2", 0, 0, &vm), FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(faults_come_in_order),
		TEST(permissions),
		TEST(every_other_number),
		TEST(another_magic_takes_the_vmid_from_rdi),
		TEST(another_magic_creates_what_the_slot_is),
	};

	return cmocka_run_group_tests(tests, NULL, forget_memory);
}
