/* SPDX-License-Identifier: BSD-3-Clause */
#include "service_vm.h"

#include <string.h>

struct acrn_machine machine;
struct acrn_model model;
static struct guest_memory *memory;

void power_on(void)
{
	struct acrn_memory callbacks = {.read = guest_memory_read, .write = guest_memory_write};

	guest_memory_free(memory);
	memory = guest_memory_new();
	callbacks.opaque = memory;
	acrn_model_init(&model, &machine, &callbacks);
}

int power_on_default(void **unused)
{
	(void)unused;
	machine = acrn_machine_default;
	power_on();
	return 0;
}

void put(uint64_t gpa, const void *from, size_t size)
{
	for (size_t i = 0; i < size; i++)
		assert_int_equal(guest_memory_write(memory, gpa + i, (const uint8_t *)from + i, 1),
				 0);
}

void get(uint64_t gpa, void *to, size_t size)
{
	for (size_t i = 0; i < size; i++)
		guest_memory_read(memory, gpa + i, (uint8_t *)to + i, 1);
}

int32_t call_from(uint16_t vm, uint64_t nr, uint64_t rdi, uint64_t rsi)
{
	struct acrn_vmcall call = {.vm = vm, .number = nr, .argument = {rdi, rsi}};
	uint64_t rax = 0;

	assert_int_equal(acrn_model_vmcall(&model, &call, &rax), ACRN_RETURNED);
	assert_int_equal((int64_t)rax, (int32_t)rax);
	return (int32_t)rax;
}

int32_t call(uint8_t index, uint64_t rdi, uint64_t rsi)
{
	return call_from(0, 0x80000000u | index, rdi, rsi);
}

int32_t create(const char *name, uint64_t flags, uint64_t cpus, uint16_t *vm)
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

int32_t set_region(uint16_t vm, uint32_t type, uint64_t gpa, uint64_t from, uint64_t size)
{
	struct set_regions regions = {.vmid = vm, .mr_num = 1, .regions_gpa = REGION};
	struct vm_memory_region region = {
		.type = type, .gpa = gpa, .service_vm_gpa = from, .size = size};

	region.prot = ACRN_MEM_READ | ACRN_MEM_WRITE | ACRN_MEM_EXECUTE;
	put(REGION, &region, sizeof(region));
	put(REGIONS, &regions, sizeof(regions));
	return call(0x42, REGIONS, 0);
}

uint64_t translate(uint16_t vm, uint64_t gpa)
{
	struct vm_gpa2hpa translation = {.gpa = gpa};

	put(ARGUMENT, &translation, sizeof(translation));
	if (call(0x41, vm, ARGUMENT))
		return ACRN_INVALID_HPA;
	get(ARGUMENT, &translation, sizeof(translation));
	return translation.hpa;
}

void bring_vm_to(enum acrn_vm_state state)
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

int forget_memory(void **unused)
{
	(void)unused;
	guest_memory_free(memory);
	memory = NULL;
	return 0;
}
