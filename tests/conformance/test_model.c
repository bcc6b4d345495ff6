/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What ACRN's documentation and code say of each call in each state of a VM, and ACRN's oddities,
 * put to the model: beside the recorded cases, not instead of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "acrn_errno.h"
#include "acrn_model.h"
#include "guest_memory.h"

#define BASE	  WATCHED_START
#define CREATION  (BASE + 0x0000)
#define POINTER	  (BASE + 0x1000)
#define IOREQS	  (BASE + 0x2000)
#define REGS	  (BASE + 0x3000)
#define REGIONS	  (BASE + 0x4000)
#define REGION	  (BASE + 0x5000)
#define ARGUMENT  (BASE + 0x8000)
#define RAM	  (BASE + 0x100000)
#define NOWHERE	  UINT64_C(0x10000000000)
#define UNMAPPED  UINT64_C(0x11001000)
#define FAILED	  ACRN_FAILED
#define INVALID	  (-ACRN_EINVAL)
#define NO_DEVICE (-ACRN_ENODEV)
#define NO_CALL	  (-ACRN_ENOTTY)

static struct acrn_machine machine;
static struct acrn_model model;
static struct guest_memory *memory;

static void power_on(void)
{
	struct acrn_memory callbacks = {.read = guest_memory_read, .write = guest_memory_write};

	guest_memory_free(memory);
	memory = guest_memory_new();
	callbacks.opaque = memory;
	acrn_model_init(&model, &machine, &callbacks);
}

static int power_on_default(void **unused)
{
	(void)unused;
	machine = acrn_machine_default;
	power_on();
	return 0;
}

static void put(uint64_t gpa, const void *from, size_t size)
{
	for (size_t i = 0; i < size; i++)
		guest_memory_write(memory, gpa + i, (const uint8_t *)from + i, 1);
}

static void get(uint64_t gpa, void *to, size_t size)
{
	for (size_t i = 0; i < size; i++)
		guest_memory_read(memory, gpa + i, (uint8_t *)to + i, 1);
}

static int32_t call_from(uint16_t vm, uint64_t nr, uint64_t rdi, uint64_t rsi)
{
	struct acrn_vmcall call = {.vm = vm, .r8 = nr, .rdi = rdi, .rsi = rsi};
	uint64_t rax = 0;

	assert_int_equal(acrn_model_vmcall(&model, &call, &rax), ACRN_RETURNED);
	assert_int_equal((int64_t)rax, (int32_t)rax);
	return (int32_t)rax;
}

static int32_t call(uint8_t index, uint64_t rdi, uint64_t rsi)
{
	return call_from(0, 0x80000000u | index, rdi, rsi);
}

/* create_vm's answer; *vm is what came back as vmid. */
static int32_t create(const char *name, uint64_t flags, uint64_t cpus, uint16_t *vm)
{
	struct acrn_vm_creation creation = {.vmid = 0x7777, .cpu_affinity = cpus};
	int32_t result;

	creation.vm_flag = (enum acrn_vm_flags)flags;
	memcpy(creation.name, name, strnlen(name, sizeof(creation.name)));
	put(CREATION, &creation, sizeof(creation));
	result = call(0x10, CREATION, 0);
	get(CREATION, &creation, sizeof(creation));
	*vm = creation.vmid;
	return result;
}

static int32_t set_region(uint16_t vm, uint32_t type, uint64_t gpa, uint64_t from, uint64_t size)
{
	struct set_regions regions = {.vmid = vm, .mr_num = 1, .regions_gpa = REGION};
	struct vm_memory_region region = {
		.type = type, .gpa = gpa, .service_vm_gpa = from, .size = size};

	region.prot = ACRN_MEM_READ | ACRN_MEM_WRITE | ACRN_MEM_EXECUTE;
	put(REGION, &region, sizeof(region));
	put(REGIONS, &regions, sizeof(regions));
	return call(0x42, REGIONS, 0);
}

/* Host-physical for a VM's guest-physical; ACRN_INVALID_HPA if the call fails. */
static uint64_t translate(uint16_t vm, uint64_t gpa)
{
	struct vm_gpa2hpa translation = {.gpa = gpa};

	put(ARGUMENT, &translation, sizeof(translation));
	if (call(0x41, vm, ARGUMENT))
		return ACRN_INVALID_HPA;
	get(ARGUMENT, &translation, sizeof(translation));
	return translation.hpa;
}

/* VM 1 in a state, with memory at 0 and with an ioreq page if it was created. */
static void bring_vm_to(enum acrn_vm_state state)
{
	uint64_t page = IOREQS;
	uint16_t vm;

	power_on();
	if (state == ACRN_VM_OFF)
		return;
	assert_int_equal(create("POST_STD_VM1", 0, 0, &vm), 0);
	put(POINTER, &page, sizeof(page));
	assert_int_equal(call(0x30, 1, POINTER), 0);
	assert_int_equal(set_region(1, ACRN_MR_ADD, 0, RAM, 0x100000), 0);
	if (state != ACRN_VM_CREATED)
		assert_int_equal(call(0x12, 1, 0), 0);
	if (state == ACRN_VM_PAUSED)
		assert_int_equal(call(0x13, 1, 0), 0);
	assert_int_equal(acrn_model_vm_state(&model, 1), state);
}

/* ---- each call in each state ---- */

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

/* ---- who may call ---- */

static enum acrn_outcome outcome_of(uint16_t vm, uint8_t cpl)
{
	struct acrn_vmcall call = {.vm = vm, .cpl = cpl, .r8 = 0x80000000, .rdi = ARGUMENT};
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

/* ---- another magic ---- */

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

/* ---- slots and names ---- */

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

static void passthrough_needs_real_time(void **unused)
{
	uint16_t vm;

	(void)unused;
	power_on();
	assert_int_equal(create("POST_STD_VM1", ACRN_VM_LAPIC_PASSTHROUGH, 0, &vm), FAILED);
	assert_int_equal(create("POST_STD_VM1", ACRN_VM_LAPIC_PASSTHROUGH | ACRN_VM_RT, 0, &vm), 0);
	assert_int_equal(vm, 1);
}

/* ---- the Service VM as a target ---- */

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
		struct acrn_vcpu_regs change = regs;

		change.vcpu_id = vcpu;
		put(ARGUMENT, &change, sizeof(change));
		assert_int_equal(call(0x16, 0, ARGUMENT), vcpu == 2 || vcpu == 4 ? FAILED : 0);
	}
}

/* ---- memory ---- */

static void regions_in_and_around_holes(void **unused)
{
	(void)unused;
	bring_vm_to(ACRN_VM_CREATED);
	assert_int_equal(set_region(1, ACRN_MR_ADD, 0x1000000, 0x11000000, 0x1000), INVALID);
	assert_int_equal(set_region(1, ACRN_MR_ADD, 0x1000000, 0x163ff000, 0x1000), INVALID);
	assert_int_equal(set_region(1, ACRN_MR_ADD, 0x1000000, 0x16400000, 0x1000), 0);
	assert_int_equal(set_region(1, ACRN_MR_ADD, 0x2000000, 0x10e00000, 0x400000), INVALID);
	assert_int_equal(set_region(1, ACRN_MR_ADD, 0x3000000, 0x10fff000, 0x2000), 0);
	assert_int_equal(translate(1, 0x3001234), 0x11000234);
	assert_int_equal(set_region(1, ACRN_MR_ADD, 0x4000000, 0x100000000, 0x1000), INVALID);
	assert_int_equal(set_region(1, ACRN_MR_ADD, 0x4000000, 0x100000000, 0), 0);
	assert_int_equal(set_region(1, ACRN_MR_ADD, 0x4000000, RAM, 0x1800), INVALID);
	assert_int_equal(set_region(1, ACRN_MR_DELETE, 0x4000000, RAM, 0x1000), INVALID);
	assert_int_equal(set_region(1, ACRN_MR_MODIFY, 0, RAM, 0x1000), 0);
	assert_int_equal(translate(1, 0), ACRN_INVALID_HPA);
	assert_int_equal(set_region(1, 77, 0x1000, RAM, 0x1000), 0);
	assert_int_equal(translate(1, 0x1000), ACRN_INVALID_HPA);
	assert_int_equal(set_region(1, ACRN_MR_ADD, 0, RAM, UINT64_C(0xfffffffffffff000)), INVALID);
	assert_int_equal(set_region(1, ACRN_MR_ADD, 0x1000, RAM, UINT64_C(0xfffffffffffff000)), 0);
}

static void what_is_mapped_stays(void **unused)
{
	(void)unused;
	bring_vm_to(ACRN_VM_CREATED);
	assert_int_equal(set_region(1, ACRN_MR_ADD, 0x80000, RAM + 0x200000, 0x100000), 0);
	assert_int_equal(translate(1, 0xfffff), RAM + 0xfffff);
	assert_int_equal(translate(1, 0x100000), RAM + 0x280000);
	assert_int_equal(translate(1, 0x17ffff), RAM + 0x2fffff);
	assert_int_equal(translate(1, 0x180000), ACRN_INVALID_HPA);
}

static void misaligned_is_rounded_up(void **unused)
{
	(void)unused;
	bring_vm_to(ACRN_VM_CREATED);
	assert_int_equal(set_region(1, ACRN_MR_ADD, 0x200800, RAM + 0x10001, 0x2000), 0);
	assert_int_equal(translate(1, 0x200fff), ACRN_INVALID_HPA);
	assert_int_equal(translate(1, 0x201000), RAM + 0x11000);
	assert_int_equal(translate(1, 0x202fff), RAM + 0x12fff);
	assert_int_equal(translate(1, 0x203000), ACRN_INVALID_HPA);
}

static int32_t many(uint32_t count, uint64_t at)
{
	struct set_regions request = {.vmid = 1, .mr_num = count, .regions_gpa = at};

	put(REGIONS, &request, sizeof(request));
	return call(0x42, REGIONS, 0);
}

static void regions_apply_in_part(void **unused)
{
	struct vm_memory_region region = {
		.prot = ACRN_MEM_READ, .gpa = 0x400000, .service_vm_gpa = RAM, .size = 0x1000};
	const uint64_t last = 0x11000000 - sizeof(region);

	(void)unused;
	bring_vm_to(ACRN_VM_CREATED);
	put(last, &region, sizeof(region));
	assert_int_equal(many(2, last), 0);
	assert_int_equal(translate(1, 0x400000), RAM);
	assert_int_equal(many(1, last + 1), FAILED);
	assert_int_equal(many(0, last), FAILED);
	region.size = 1;
	put(last, &region, sizeof(region));
	region.size = 0x1000;
	region.gpa = 0x500000;
	put(last - sizeof(region), &region, sizeof(region));
	assert_int_equal(many(UINT32_MAX, last - sizeof(region)), INVALID);
	assert_int_equal(translate(1, 0x500000), RAM);
}

static void write_protection(void **unused)
{
	struct wp_data page = {.set = 1, .gpa = 0x3000};

	(void)unused;
	bring_vm_to(ACRN_VM_CREATED);
	put(ARGUMENT, &page, sizeof(page));
	assert_int_equal(call(0x43, 1, ARGUMENT), 0);
	assert_int_equal(translate(1, 0x3000), RAM + 0x3000);
	page.gpa = 0x3001;
	put(ARGUMENT, &page, sizeof(page));
	assert_int_equal(call(0x43, 1, ARGUMENT), INVALID);
	page.gpa = 0x200000;
	put(ARGUMENT, &page, sizeof(page));
	assert_int_equal(call(0x43, 1, ARGUMENT), INVALID);
	assert_int_equal(set_region(1, ACRN_MR_ADD, 0x600000, 0x10fff000, 0x2000), 0);
	page.gpa = 0x601000;
	put(ARGUMENT, &page, sizeof(page));
	assert_int_equal(call(0x43, 1, ARGUMENT), INVALID);
}

static void what_can_be_copied_is(void **unused)
{
	uint8_t byte;

	(void)unused;
	power_on();
	guest_memory_write(memory, 0x10fffffc, "\xee\xee\xee\xee", 4);
	assert_int_equal(call(0x00, 0x10fffffc, 0), INVALID);
	guest_memory_read(memory, 0x10fffffc, &byte, 1);
	assert_int_equal(byte, 1);
	assert_int_equal(call(0x00, UINT64_C(0x1000000000000) + ARGUMENT, 0), 0);
}

/* ---- requests, interrupts, devices ---- */

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

/* ---- registers, worlds, power, debugging ---- */

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

/* ---- anything at all ---- */

static uint64_t seed = 88172645463325252u;

static uint64_t any(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* A number that is likely to mean something. */
static uint64_t likely(void)
{
	static const uint64_t values[] = {CREATION, POINTER,  IOREQS, REGS,    REGIONS,
					  REGION,   ARGUMENT, RAM,    0x18,    0x28,
					  UNMAPPED, NOWHERE,  0x1000, 0x200000};

	switch (any() % 4) {
	case 0:
		return any();
	case 1:
		return any() % 18;
	default:
		return values[any() % (sizeof(values) / sizeof(*values))];
	}
}

/* The sanitizers this is built with, and the end of the loop, are the test. */
static void anything_at_all(void **unused)
{
	(void)unused;
	machine.trusty_vms = 2;
	for (int i = 0; i < 60000; i++) {
		struct acrn_vmcall call = {.vm = any() % 4 ? 0 : (uint16_t)(any() % 18),
					   .cpl = any() % 8 == 0};
		uint64_t rax, value = likely();

		if (i % 2000 == 0)
			power_on();
		put(BASE + any() % 0x9000 / 8 * 8, &value, sizeof(value));
		if (any() % 8 == 0) {
			uint16_t vm;

			create(any() % 2 ? "POST_STD_VM1" : "dyn", any() % 4 ? 0 : any(),
			       any() % 16, &vm);
			acrn_model_set_vm_flags(&model, (uint16_t)(any() % 16), any() % 2048);
		}
		call.r8 = 0x80000000 | any() % 0x92;
		call.rdi = likely();
		call.rsi = likely();
		acrn_model_vmcall(&model, &call, &rax);
	}
}

static int forget_memory(void **unused)
{
	(void)unused;
	guest_memory_free(memory);
	memory = NULL;
	return 0;
}

#define TEST(function) cmocka_unit_test_setup(function, power_on_default)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_call_in_every_state),
		TEST(every_pointer_into_nothing),
		TEST(faults_come_in_order),
		TEST(permissions),
		TEST(every_other_number),
		TEST(another_magic_takes_the_vmid_from_rdi),
		TEST(another_magic_creates_what_the_slot_is),
		TEST(all_slots_can_be_taken),
		TEST(the_same_name_twice_blocks_the_slot),
		TEST(configured_names_stay),
		TEST(cpus_of_a_vm),
		TEST(a_secure_world_spoils_the_slot),
		TEST(passthrough_needs_real_time),
		TEST(the_service_vm_is_a_vm),
		TEST(offline_cpus),
		TEST(regions_in_and_around_holes),
		TEST(what_is_mapped_stays),
		TEST(misaligned_is_rounded_up),
		TEST(regions_apply_in_part),
		TEST(write_protection),
		TEST(what_can_be_copied_is),
		TEST(ioreq_pages),
		TEST(reset_frees_the_requests),
		TEST(shared_buffers),
		TEST(msi_addresses),
		TEST(callback_vectors),
		TEST(a_device_has_one_owner),
		TEST(interrupt_lines),
		TEST(mmio_devices_move),
		TEST(control_registers),
		TEST(a_secure_world_that_fits),
		TEST(a_tee_and_its_ree),
		TEST(power_states),
		TEST(debugging_calls),
		TEST(anything_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, forget_memory);
}
