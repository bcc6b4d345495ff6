/* SPDX-License-Identifier: BSD-3-Clause */
#include "user_vm.h"

#define REAL_MODE_CODE 0x9b
#define CR0_RESET      0x30 /* ET and NE */

static struct acrn_io_request_buffer request_page __attribute__((aligned(4096)));

long ask_api_version(struct hc_api_version *version)
{
	return acrn_call(get_api_version, version);
}

long create_user_vm(const char *name, uint16_t *vm)
{
	struct acrn_vm_creation creation = {.vmid = ACRN_INVALID_VMID, .cpu_affinity = 0x2};
	long ret;

	for (unsigned i = 0; name[i] && i < ACRN_VM_NAME_LENGTH; i++)
		creation.name[i] = name[i];
	ret = acrn_call(create_vm, &creation);
	*vm = creation.vmid;
	return ret;
}

long share_request_page(uint16_t vm)
{
	struct acrn_ioreq_buffer buffer = {.gpa = guest_physical(&request_page)};

	return acrn_call(set_ioreq_buffer, vm, &buffer);
}

static long change_memory(uint16_t vm, const struct vm_memory_region *region)
{
	struct set_regions regions = {
		.vmid = vm, .mr_num = 1, .regions_gpa = guest_physical(region)};

	return acrn_call(set_memory_regions, &regions);
}

long give_memory(uint16_t vm, uint64_t gpa, uint64_t service_vm_gpa, uint64_t size)
{
	struct vm_memory_region region = {.type = ACRN_MR_ADD,
					  .prot = ACRN_MEM_READ | ACRN_MEM_WRITE |
						  ACRN_MEM_EXECUTE | ACRN_MEM_WRITE_BACK,
					  .gpa = gpa,
					  .service_vm_gpa = service_vm_gpa,
					  .size = size};

	return change_memory(vm, &region);
}

long take_memory(uint16_t vm, uint64_t gpa, uint64_t size)
{
	struct vm_memory_region region = {.type = ACRN_MR_DELETE, .gpa = gpa, .size = size};

	return change_memory(vm, &region);
}

long find_memory(uint16_t vm, uint64_t gpa, uint64_t *hpa)
{
	struct vm_gpa2hpa translation = {.gpa = gpa};
	long ret = acrn_call(vm_gpa2hpa, vm, &translation);

	*hpa = translation.hpa;
	return ret;
}

long set_entry_point(uint16_t vm, uint64_t rip)
{
	struct acrn_vcpu_regs state = {.vcpu_regs = {.rip = rip,
						     .cs_ar = REAL_MODE_CODE,
						     .cs_limit = 0xffff,
						     .cr0 = CR0_RESET,
						     .rflags = 0x2}};

	return acrn_call(set_vcpu_regs, vm, &state);
}

long start_user_vm(uint16_t vm)
{
	return acrn_call(start_vm, vm);
}

long finish_request(uint16_t vm, uint16_t vcpu)
{
	return acrn_call(notify_request_finish, vm, vcpu);
}

long pause_user_vm(uint16_t vm)
{
	return acrn_call(pause_vm, vm);
}

long reset_user_vm(uint16_t vm)
{
	return acrn_call(reset_vm, vm);
}

long destroy_user_vm(uint16_t vm)
{
	return acrn_call(destroy_vm, vm);
}
