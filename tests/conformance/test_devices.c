/* SPDX-License-Identifier: BSD-3-Clause */
/* Pages of I/O requests, shared buffers, interrupts, and devices that are passed through. */
#include "service_vm.h"

static void ioreq_pages(void **unused)
{
	uint64_t page = IOREQS + 0xf78; /* the state of the first slot crosses a page */
	uint32_t states[2] = {0, 0};

	(void)unused;
	bring_vm_to(ACRN_VM_CREATED);
	put(POINTER, &page, sizeof(page));
	assert_int_equal(call(0x30, 1, POINTER), 0);
	get(page + 136, &states[0], 4);
	get(page + 15 * 256 + 136, &states[1], 4);
	assert_int_equal(states[0], ACRN_IOREQ_FREE);
	assert_int_equal(states[1], ACRN_IOREQ_FREE);
	page = NOWHERE;
	put(POINTER, &page, sizeof(page));
	assert_int_equal(call(0x30, 1, POINTER), FAILED);
	assert_int_equal(call(0x12, 1, 0), FAILED);
	assert_int_equal(call(0x31, 1, 0), FAILED);
}

static void reset_frees_the_requests(void **unused)
{
	uint32_t pending = ACRN_IOREQ_PENDING, after;

	(void)unused;
	bring_vm_to(ACRN_VM_PAUSED);
	put(IOREQS + 256 + 136, &pending, 4);
	assert_int_equal(call(0x15, 1, 0), 0);
	get(IOREQS + 256 + 136, &after, 4);
	assert_int_equal(after, ACRN_IOREQ_FREE);
	assert_int_equal(translate(1, 0x1000), RAM + 0x1000);
}

static void shared_buffers(void **unused)
{
	struct acrn_sbuf_param param = {.cpu_id = 4, .sbuf_id = ACRN_SBUF_SOCWATCH, .gpa = RAM};
	uint64_t magic = ACRN_SBUF_MAGIC;
	struct acrn_asyncio_info info = {.type = ACRN_ASYNCIO_MMIO, .addr = 0x1000};

	(void)unused;
	bring_vm_to(ACRN_VM_CREATED);
	put(ARGUMENT, &param, sizeof(param));
	assert_int_equal(call(0x44, 1, ARGUMENT), INVALID);
	param.sbuf_id = ACRN_SBUF_ASYNCIO;
	put(ARGUMENT, &param, sizeof(param));
	put(POINTER, &info, sizeof(info));
	assert_int_equal(call(0x44, 1, ARGUMENT), FAILED);
	assert_int_equal(call(0x32, 1, POINTER), FAILED);
	put(RAM, &magic, sizeof(magic));
	assert_int_equal(call(0x44, 1, ARGUMENT), 0);
	assert_int_equal(call(0x32, 1, POINTER), 0);
	param.sbuf_id = 4;
	put(ARGUMENT, &param, sizeof(param));
	assert_int_equal(call(0x44, 1, ARGUMENT), FAILED);
}

static void msi_addresses(void **unused)
{
	static const struct {
		uint64_t address;
		int32_t answer;
	} cases[] = {{0xfee00000, 0},	   {0xfeefffff, 0}, {0xfed00000, FAILED},
		     {0xfef00000, FAILED}, {0, FAILED},	    {UINT64_C(0xdeadbeeffee00000), 0}};

	(void)unused;
	bring_vm_to(ACRN_VM_CREATED);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct acrn_msi_entry entry = {.msi_addr = cases[i].address,
					       .msi_data = UINT64_MAX};

		put(ARGUMENT, &entry, sizeof(entry));
		assert_int_equal(call(0x23, 1, ARGUMENT), cases[i].answer);
	}
}

static void callback_vectors(void **unused)
{
	(void)unused;
	power_on();
	assert_int_equal(call(0x02, 0x1f, 0), INVALID);
	assert_int_equal(call(0x02, 0x20, 0), 0);
	assert_int_equal(call(0x02, 0xff, 0), 0);
	assert_int_equal(call(0x02, 0x100, 0), INVALID);
	assert_int_equal(call(0x02, UINT64_C(0x100000080), 0), INVALID);
}

static int32_t on_device(uint8_t index, uint16_t vm, uint16_t virt, uint16_t phys)
{
	struct acrn_pcidev device = {.virt_bdf = virt, .phys_bdf = phys};

	put(ARGUMENT, &device, sizeof(device));
	return call(index, vm, ARGUMENT);
}

static void a_device_has_one_owner(void **unused)
{
	uint16_t vm;

	(void)unused;
	bring_vm_to(ACRN_VM_CREATED);
	assert_int_equal(create("dyn", 0, 0x4, &vm), 0);
	assert_int_equal(on_device(0x55, 1, 0x28, 0x00), NO_DEVICE);
	assert_int_equal(on_device(0x55, 1, 0x28, 0x18), 0);
	assert_int_equal(on_device(0x55, 2, 0x30, 0x18), NO_DEVICE);
	assert_int_equal(on_device(0x56, 2, 0x28, 0x18), NO_DEVICE);
	assert_int_equal(on_device(0x56, 1, 0x29, 0x18), NO_DEVICE);
	assert_int_equal(on_device(0x56, 1, 0x28, 0x18), 0);
	assert_int_equal(on_device(0x55, 2, 0x30, 0x18), 0);
	assert_int_equal(call(0x13, 2, 0), 0);
	assert_int_equal(call(0x11, 2, 0), 0);
	assert_int_equal(on_device(0x55, 1, 0x28, 0x18), 0);
}

static void interrupt_lines(void **unused)
{
	struct hc_ptdev_irq irq = {.virt_bdf = 0x28, .phys_bdf = 0x18, .intx = {5, 11, 0, {0}}};
	struct acrn_intr_monitor got = {.buf_cnt = 48};

	(void)unused;
	bring_vm_to(ACRN_VM_CREATED);
	assert_int_equal(on_device(0x55, 1, 0x28, 0x18), 0);
	put(POINTER, &irq, sizeof(irq));
	assert_int_equal(call(0x53, 1, POINTER), 0);
	put(ARGUMENT, &got, sizeof(got));
	assert_int_equal(call(0x24, 1, ARGUMENT), 0);
	get(ARGUMENT, &got, sizeof(got));
	assert_int_equal(got.buf_cnt, 2);
	assert_int_equal(got.buffer[0], 11);
	irq.intx.phys_pin = 24;
	put(POINTER, &irq, sizeof(irq));
	assert_int_equal(call(0x53, 1, POINTER), FAILED);
	irq.intx.phys_pin = 12;
	put(POINTER, &irq, sizeof(irq));
	assert_int_equal(call(0x53, 1, POINTER), NO_DEVICE);
	assert_int_equal(call(0x54, 1, POINTER), 0);
	assert_int_equal(call(0x53, 1, POINTER), 0);
}

static void mmio_devices_move(void **unused)
{
	struct acrn_mmiodev device = {.res = {{0x900000, 0xfd000000, 0x2000, 0}}};

	(void)unused;
	bring_vm_to(ACRN_VM_CREATED);
	put(POINTER, &device, sizeof(device));
	assert_int_equal(call(0x57, 1, POINTER), 0);
	assert_int_equal(translate(1, 0x901000), 0xfd001000);
	assert_int_equal(translate(0, 0xfd001000), ACRN_INVALID_HPA);
	assert_int_equal(call(0x58, 1, POINTER), 0);
	assert_int_equal(translate(1, 0x901000), ACRN_INVALID_HPA);
	assert_int_equal(translate(0, 0xfd001000), 0xfd001000);
	device.res[1] = (struct acrn_mmiores){0xa00000, 0x11000000, 0x1000, 0};
	put(POINTER, &device, sizeof(device));
	assert_int_equal(call(0x57, 1, POINTER), 0);
	assert_int_equal(translate(1, 0xa00000), 0x11000000);
	assert_int_equal(call(0x58, 1, POINTER), 0);
	device.res[0].user_vm_pa = 0x900800;
	put(POINTER, &device, sizeof(device));
	assert_int_equal(call(0x57, 1, POINTER), INVALID);
	assert_int_equal(translate(0, 0xfd001000), ACRN_INVALID_HPA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ioreq_pages),     TEST(reset_frees_the_requests), TEST(shared_buffers),
		TEST(msi_addresses),   TEST(callback_vectors),	       TEST(a_device_has_one_owner),
		TEST(interrupt_lines), TEST(mmio_devices_move),
	};

	return cmocka_run_group_tests(tests, NULL, forget_memory);
}
