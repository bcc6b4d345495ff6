/* SPDX-License-Identifier: BSD-3-Clause */
/* What hangs on the machine: its CPUs and their registers, its C-states, a debug build. */
#include "service_vm.h"

static void offline_cpus(void **unused)
{
	(void)unused;
	power_on();
	assert_int_equal(call(0x01, 0, 0), FAILED);
	assert_int_equal(call(0x01, 4, 0), 0);
	assert_int_equal(call(0x01, UINT64_C(0x500000002), 0), 0);
	assert_int_equal(call(0x01, 2, 0), 0);
	assert_int_equal(call(0x13, 0, 0), 0);
	for (uint16_t vcpu = 0; vcpu < 5; vcpu++) {
		struct acrn_vcpu_regs change = {.vcpu_regs = {.cr0 = 0x30}};

		change.vcpu_id = vcpu;
		put(ARGUMENT, &change, sizeof(change));
		assert_int_equal(call(0x16, 0, ARGUMENT), vcpu == 2 || vcpu == 4 ? FAILED : 0);
	}
}

static void control_registers(void **unused)
{
	static const struct {
		uint64_t cr0, cr4;
		int32_t answer;
	} cases[] = {{0x30, 0, 0},
		     {0x80050033, 0x6f0, 0},
		     {0x10, 0, FAILED},
		     {0x100000030, 0, FAILED},
		     {0x30, 0x2000, FAILED},
		     {0x30, 0x4000, FAILED},
		     {0x30, 1ull << 63, FAILED},
		     {0x70, 0, FAILED},
		     {0x60000030, 0x3606f0, 0},
		     {0x30, 0x800000, FAILED}};

	(void)unused;
	bring_vm_to(ACRN_VM_CREATED);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct acrn_vcpu_regs change = {
			.vcpu_regs = {.cr0 = cases[i].cr0, .cr4 = cases[i].cr4}};

		put(ARGUMENT, &change, sizeof(change));
		assert_int_equal(call(0x16, 1, ARGUMENT), cases[i].answer);
	}
	assert_int_equal(call(0x16, 1, 0), FAILED);
}

static void power_states(void **unused)
{
	struct acrn_cstate_data cstate;
	uint8_t count;

	(void)unused;
	machine.cstates = 2;
	bring_vm_to(ACRN_VM_CREATED);
	assert_int_equal(call(0x80, 0x1000000, ARGUMENT), FAILED);
	assert_int_equal(call(0x80, 0x1000001, ARGUMENT), FAILED);
	assert_int_equal(call(0x80, 0x1000002, ARGUMENT), 0);
	get(ARGUMENT, &count, 1);
	assert_int_equal(count, 2);
	assert_int_equal(call(0x80, 0x1000003, ARGUMENT), FAILED);
	assert_int_equal(call(0x80, 0x1000203, ARGUMENT), 0);
	get(ARGUMENT, &cstate, sizeof(cstate));
	assert_int_equal(cstate.type, 2);
	assert_int_equal(call(0x80, 0x1000303, ARGUMENT), FAILED);
	assert_int_equal(call(0x80, 0x1000004, ARGUMENT), FAILED);
	assert_int_equal(call(0x80, 0x10000000, ARGUMENT), NO_CALL);
	acrn_model_set_vm_flags(&model, 1, ACRN_VM_VHWP);
	assert_int_equal(call(0x80, 0x1000000, ARGUMENT), 0);
	get(ARGUMENT, &count, 1);
	assert_int_equal(count, 0);
}

static void debugging_calls(void **unused)
{
	struct hv_npk_log_param log = {.cmd = ACRN_NPK_QUERY};
	struct profiling_vm_info_list list;
	struct acrn_hw_info info;

	(void)unused;
	bring_vm_to(ACRN_VM_CREATED);
	assert_int_equal(call(0x63, ARGUMENT, 0), 0);
	get(ARGUMENT, &info, sizeof(info));
	assert_int_equal(info.cpu_num, 4);
	put(ARGUMENT, &log, sizeof(log));
	assert_int_equal(call(0x61, ARGUMENT, 0), 0);
	get(ARGUMENT, &log, sizeof(log));
	assert_int_equal(log.res, ACRN_NPK_DISABLED);
	assert_int_equal(call(0x62, ACRN_PROFILING_GET_VMINFO, ARGUMENT), 0);
	get(ARGUMENT, &list, sizeof(list));
	assert_int_equal(list.num_vms, 3);
	assert_string_equal(list.vm_list[2].vm_name, "POST_STD_VM1");
	machine.debug_build = false;
	for (uint8_t index = 0x61; index <= 0x63; index++)
		assert_int_equal(call(index, ARGUMENT, ARGUMENT), -ACRN_EPERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(offline_cpus),
		TEST(control_registers),
		TEST(power_states),
		TEST(debugging_calls),
	};

	return cmocka_run_group_tests(tests, NULL, forget_memory);
}
