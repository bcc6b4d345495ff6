/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * I/O requests from the User VM's side, answered as a Service VM does it: through the shared page
 * and notify_request_finish.
 */
#include "service_vm.h"

#define PAGE IOREQS
#define VM   1
#define VCPU 1

static struct acrn_io_request slot(uint16_t vcpu)
{
	struct acrn_io_request request;

	get(PAGE + vcpu * sizeof(request), &request, sizeof(request));
	return request;
}

static void set_slot(uint16_t vcpu, uint32_t state, uint64_t value)
{
	struct acrn_io_request request = slot(vcpu);

	request.processed = state;
	if (request.type == ACRN_IOREQ_PORTIO)
		request.reqs.pio_request.value = (uint32_t)value;
	else
		request.reqs.mmio_request.value = value;
	put(PAGE + vcpu * sizeof(request), &request, sizeof(request));
}

static void bring_up(uint64_t flags)
{
	uint64_t page = PAGE;
	uint16_t vm;

	machine.vm[VM] = machine.vm[2]; /* free for a VM of any name */
	power_on();
	assert_int_equal(create("vm", flags, 0x6, &vm), 0);
	assert_int_equal(vm, VM);
	put(POINTER, &page, sizeof(page));
	assert_int_equal(call(0x30, VM, POINTER), 0);
	assert_int_equal(call(0x12, VM, 0), 0);
}

static int with_a_vm(void **unused)
{
	power_on_default(unused);
	bring_up(0);
	return 0;
}

static struct acrn_io_request read_of_port(uint64_t port)
{
	struct acrn_io_request request = {.type = ACRN_IOREQ_PORTIO, .processed = ACRN_IOREQ_FREE};

	request.reqs.pio_request =
		(struct acrn_pio_request){.direction = ACRN_IOREQ_READ, .address = port, .size = 1};
	return request;
}

static bool make(uint16_t vm, uint16_t vcpu)
{
	struct acrn_io_request request = read_of_port(0x60);

	return acrn_model_make_request(&model, vm, vcpu, &request);
}

static void check(enum acrn_request expected, uint64_t expected_answer)
{
	uint64_t answer = 0;

	assert_int_equal(acrn_model_request(&model, VM, VCPU, &answer), expected);
	if (expected == ACRN_REQUEST_ANSWERED)
		assert_int_equal(answer, expected_answer);
}

static void a_request_and_its_answer(void **unused)
{
	(void)unused;
	assert_true(make(VM, VCPU));
	assert_int_equal(slot(VCPU).processed, ACRN_IOREQ_PENDING);
	assert_int_equal(slot(VCPU).reqs.pio_request.address, 0x60);
	assert_int_equal(slot(0).processed, ACRN_IOREQ_FREE);
	set_slot(VCPU, ACRN_IOREQ_PROCESSING, 0);
	check(ACRN_REQUEST_WAITS, 0);
	set_slot(VCPU, ACRN_IOREQ_COMPLETE, 0x41);
	check(ACRN_REQUEST_WAITS, 0);
	assert_int_equal(call(0x31, VM, VCPU), 0);
	check(ACRN_REQUEST_ANSWERED, 0x41);
	assert_int_equal(slot(VCPU).processed, ACRN_IOREQ_FREE);
	assert_true(make(VM, VCPU));
	check(ACRN_REQUEST_WAITS, 0);
}

static void a_wide_answer(void **unused)
{
	struct acrn_io_request request = {.type = ACRN_IOREQ_MMIO};

	(void)unused;
	request.reqs.mmio_request = (struct acrn_mmio_request){.address = 0xa0000, .size = 8};
	assert_true(acrn_model_make_request(&model, VM, VCPU, &request));
	set_slot(VCPU, ACRN_IOREQ_COMPLETE, 0x1122334455667788);
	assert_int_equal(call(0x31, VM, VCPU), 0);
	check(ACRN_REQUEST_ANSWERED, 0x1122334455667788);
}

static void who_cannot_make_one(void **unused)
{
	(void)unused;
	assert_false(make(0, 0)); /* the Service VM */
	assert_false(make(2, 0)); /* off */
	assert_false(make(ACRN_MAX_VMS, 0));
	assert_false(make(UINT16_MAX, UINT16_MAX));
	assert_false(make(VM, 2)); /* it has two */
	assert_true(make(VM, 0));
	assert_false(make(VM, 0)); /* it waits */
	assert_int_equal(call(0x13, VM, 0), 0);
	assert_false(make(VM, VCPU)); /* paused */
}

static void a_taken_slot_is_not_used(void **unused)
{
	(void)unused;
	set_slot(VCPU, ACRN_IOREQ_PROCESSING, 0);
	assert_false(make(VM, VCPU));
	check(ACRN_REQUEST_NONE, 0);
}

static void notified_too_early_it_goes_on_without(void **unused)
{
	(void)unused;
	assert_true(make(VM, VCPU));
	assert_int_equal(call(0x31, VM, VCPU), 0);
	check(ACRN_REQUEST_UNANSWERED, 0);
	assert_int_equal(slot(VCPU).processed, ACRN_IOREQ_PENDING);
	assert_false(make(VM, VCPU));
}

static void a_notice_without_a_request_changes_nothing(void **unused)
{
	(void)unused;
	set_slot(VCPU, ACRN_IOREQ_COMPLETE, 7);
	assert_int_equal(call(0x31, VM, VCPU), 0);
	assert_int_equal(slot(VCPU).processed, ACRN_IOREQ_COMPLETE);
	check(ACRN_REQUEST_NONE, 0);
}

static void who_polls_needs_no_notice(void **unused)
{
	(void)unused;
	bring_up(ACRN_VM_IO_COMPLETION_POLLING);
	assert_true(make(VM, VCPU));
	assert_int_equal(slot(VCPU).completion_polling, 1);
	check(ACRN_REQUEST_WAITS, 0);
	set_slot(VCPU, ACRN_IOREQ_COMPLETE, 0x42);
	check(ACRN_REQUEST_ANSWERED, 0x42);
	assert_int_equal(slot(VCPU).processed, ACRN_IOREQ_FREE);
}

static void reset_forgets_it(void **unused)
{
	(void)unused;
	assert_true(make(VM, VCPU));
	assert_int_equal(call(0x13, VM, 0), 0);
	assert_int_equal(call(0x15, VM, 0), 0);
	check(ACRN_REQUEST_NONE, 0);
	assert_int_equal(slot(VCPU).processed, ACRN_IOREQ_FREE);
}

static void the_vector_of_the_upcall(void **unused)
{
	(void)unused;
	assert_int_equal(acrn_model_callback_vector(&model), 0xf3);
	assert_int_equal(call(0x02, 0x61, 0), 0);
	assert_int_equal(acrn_model_callback_vector(&model), 0x61);
	assert_int_not_equal(call(0x02, 0x1f, 0), 0);
	assert_int_equal(acrn_model_callback_vector(&model), 0x61);
}

static void a_vm_brought_to_a_state(void **unused)
{
	static const enum acrn_vm_state states[] = {ACRN_VM_CREATED, ACRN_VM_RUNNING,
						    ACRN_VM_PAUSED, ACRN_VM_OFF};

	(void)unused;
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		assert_true(acrn_model_set_vm_state(&model, 3, states[i]));
		assert_int_equal(acrn_model_vm_state(&model, 3), states[i]);
	}
	assert_true(acrn_model_set_vm_state(&model, 3, ACRN_VM_PAUSED));
	assert_int_equal(call(0x11, 3, 0), 0);
	assert_false(acrn_model_set_vm_state(&model, 0, ACRN_VM_OFF));
	assert_false(acrn_model_set_vm_state(&model, ACRN_MAX_VMS, ACRN_VM_OFF));
}

#define WITH_A_VM(function) cmocka_unit_test_setup(function, with_a_vm)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_A_VM(a_request_and_its_answer),
		WITH_A_VM(a_wide_answer),
		WITH_A_VM(who_cannot_make_one),
		WITH_A_VM(a_taken_slot_is_not_used),
		WITH_A_VM(notified_too_early_it_goes_on_without),
		WITH_A_VM(a_notice_without_a_request_changes_nothing),
		WITH_A_VM(who_polls_needs_no_notice),
		WITH_A_VM(reset_forgets_it),
		WITH_A_VM(the_vector_of_the_upcall),
		WITH_A_VM(a_vm_brought_to_a_state),
	};

	return cmocka_run_group_tests(tests, NULL, forget_memory);
}
