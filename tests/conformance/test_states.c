/* SPDX-License-Identifier: BSD-3-Clause */
/* Each call in each state of a VM, and with pointers into nothing. */
#include "service_vm.h"

static const struct acrn_vcpu_regs regs = {.vcpu_regs = {.cr0 = 0x30}};
static const struct acrn_msi_entry msi = {.msi_addr = 0xfee00000, .msi_data = 0x30};
static const struct acrn_intr_monitor monitor = {.cmd = ACRN_INTR_GET_DATA, .buf_cnt = 4};
static const struct acrn_ioreq_buffer ioreq = {.gpa = IOREQS};
static const struct acrn_asyncio_info asyncio = {.type = ACRN_ASYNCIO_PIO};
static const struct vm_gpa2hpa gpa2hpa = {.gpa = 0x1000};
static const struct wp_data wp = {.set = 1, .gpa = 0x2000};
static const struct acrn_sbuf_param sbuf = {.sbuf_id = ACRN_SBUF_TRACE, .gpa = BASE};
static const struct hc_ptdev_irq ptdev = {.virt_bdf = 0x28, .phys_bdf = 0x18};
static const struct acrn_pcidev pcidev = {.virt_bdf = 0x28, .phys_bdf = 0x18};
static const struct acrn_mmiodev mmiodev = {.name = "TEST"};
static const struct acrn_vdev root_port = {.id = {0x8086, 0x9d14, 0}};
static const struct set_regions regions = {.vmid = 1, .mr_num = 1, .regions_gpa = REGION};

#define IN_MEMORY(object) &object, sizeof(object), ARGUMENT
#define PLAIN(value)	  NULL, 0, value

static const struct {
	uint8_t index;
	uint64_t first;
	const void *argument;
	size_t size;
	uint64_t second;
	int32_t off, created, running, paused;
} matrix[] = {
	{0x11, 1, PLAIN(0), FAILED, FAILED, FAILED, 0},
	{0x12, 1, PLAIN(0), FAILED, 0, FAILED, FAILED},
	{0x13, 1, PLAIN(0), FAILED, 0, 0, 0},
	{0x14, 1, PLAIN(NOWHERE), 0, 0, 0, 0},
	{0x15, 1, PLAIN(0), FAILED, FAILED, FAILED, 0},
	{0x16, 1, IN_MEMORY(regs), FAILED, 0, FAILED, 0},
	{0x23, 1, IN_MEMORY(msi), FAILED, 0, 0, 0},
	{0x24, 1, IN_MEMORY(monitor), INVALID, 0, 0, 0},
	{0x25, 1, PLAIN(0x900000005), FAILED, 0, 0, 0},
	{0x30, 1, IN_MEMORY(ioreq), FAILED, 0, FAILED, FAILED},
	{0x31, 1, PLAIN(0), FAILED, 0, 0, 0},
	{0x32, 1, IN_MEMORY(asyncio), 0, 0, 0, 0},
	{0x33, 1, IN_MEMORY(asyncio), 0, 0, 0, 0},
	{0x41, 1, IN_MEMORY(gpa2hpa), FAILED, 0, 0, 0},
	{0x42, ARGUMENT, IN_MEMORY(regions), FAILED, 0, 0, 0},
	{0x43, 1, IN_MEMORY(wp), FAILED, 0, 0, 0},
	{0x44, 1, IN_MEMORY(sbuf), 0, 0, 0, 0},
	{0x53, 1, IN_MEMORY(ptdev), FAILED, FAILED, FAILED, FAILED},
	{0x54, 1, IN_MEMORY(ptdev), FAILED, FAILED, FAILED, FAILED},
	{0x55, 1, IN_MEMORY(pcidev), INVALID, 0, INVALID, INVALID},
	{0x56, 1, IN_MEMORY(pcidev), INVALID, NO_DEVICE, INVALID, NO_DEVICE},
	{0x57, 1, IN_MEMORY(mmiodev), INVALID, 0, INVALID, INVALID},
	{0x58, 1, IN_MEMORY(mmiodev), INVALID, 0, INVALID, 0},
	{0x59, 1, IN_MEMORY(root_port), INVALID, 0, INVALID, INVALID},
	{0x5a, 1, IN_MEMORY(root_port), INVALID, INVALID, INVALID, INVALID},
	{0x80, 0x1000002, PLAIN(ARGUMENT), FAILED, 0, FAILED, 0},
	{0x80, 0x1000000, PLAIN(ARGUMENT), FAILED, FAILED, FAILED, FAILED},
};

static void check_row(size_t row, enum acrn_vm_state state, int32_t expected)
{
	int32_t got;

	bring_vm_to(state);
	put(ARGUMENT, matrix[row].argument, matrix[row].size);
	got = call(matrix[row].index, matrix[row].first, matrix[row].second);
	if (got != expected)
		fail_msg("call 0x%x in state %d: expected %d, got %d", matrix[row].index, state,
			 expected, got);
}

static void every_call_in_every_state(void **unused)
{
	(void)unused;
	for (size_t row = 0; row < sizeof(matrix) / sizeof(*matrix); row++) {
		check_row(row, ACRN_VM_OFF, matrix[row].off);
		check_row(row, ACRN_VM_CREATED, matrix[row].created);
		check_row(row, ACRN_VM_RUNNING, matrix[row].running);
		check_row(row, ACRN_VM_PAUSED, matrix[row].paused);
	}
}

/* A pointer into nothing, to a VM that is created; -1 or -EINVAL by the call. */
static void every_pointer_into_nothing(void **unused)
{
	static const struct {
		uint8_t index;
		int32_t answer;
	} calls[] = {{0x16, FAILED},  {0x23, FAILED},  {0x24, INVALID}, {0x30, FAILED},
		     {0x32, FAILED},  {0x33, FAILED},  {0x41, FAILED},	{0x43, FAILED},
		     {0x44, FAILED},  {0x53, FAILED},  {0x54, FAILED},	{0x55, INVALID},
		     {0x56, INVALID}, {0x57, INVALID}, {0x58, INVALID}, {0x59, INVALID},
		     {0x5a, INVALID}};

	(void)unused;
	bring_vm_to(ACRN_VM_CREATED);
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		assert_int_equal(call(calls[i].index, 1, NOWHERE), calls[i].answer);
		assert_int_equal(call(calls[i].index, 1, UNMAPPED), calls[i].answer);
	}
	assert_int_equal(call(0x80, 0x1000002, NOWHERE), INVALID);
	assert_int_equal(call(0x00, NOWHERE, 0), INVALID);
	assert_int_equal(call(0x10, NOWHERE, 0), NO_CALL);
	assert_int_equal(call(0x42, NOWHERE, 0), NO_CALL);
	assert_int_equal(call(0x61, NOWHERE, 0), FAILED);
	assert_int_equal(call(0x63, NOWHERE, 0), INVALID);
	for (uint64_t command = 0; command <= 8; command++)
		assert_int_equal(call(0x62, command, NOWHERE), INVALID);
	assert_int_equal(call(0x62, 9, ARGUMENT), FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_call_in_every_state),
		TEST(every_pointer_into_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, forget_memory);
}
