/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the Service VM does to a VM's memory: vm_gpa2hpa, set_memory_regions, write_protect_page.
 *
 * set_memory_regions stops at the first entry that it cannot read, and then answers as for the
 * entry before, or at the first that it refuses; entries before it keep their effect. Every type
 * but ADD removes. ACRN reads as many entries as it is told; the model stops after MOST_REGIONS.
 */
#include "model_internal.h"

#define MOST_REGIONS 8192u

int32_t model_vm_gpa2hpa(struct model_call *call)
{
	struct vm_gpa2hpa translation;

	if (model_read(call->model, call->caller, &translation, call->arg2, sizeof(translation)))
		return model_fail(call, MODEL_UNREADABLE);
	translation.hpa = model_map_find(call->model, call->target, translation.gpa);
	if (translation.hpa == ACRN_INVALID_HPA)
		return model_fail_with(call, "the VM has no memory at %", translation.gpa);
	return model_write(call->model, call->caller, call->arg2, &translation,
			   sizeof(translation));
}

static int32_t add_region(struct model_call *call, const struct vm_memory_region *region)
{
	uint8_t access = region->prot & (ACRN_MEM_READ | ACRN_MEM_WRITE | ACRN_MEM_EXECUTE);
	uint64_t hpa;

	if (!model_map_covers(call->model, call->caller, region->service_vm_gpa, region->size))
		return -ACRN_EINVAL;
	hpa = model_map_find(call->model, call->caller, region->service_vm_gpa);
	return model_map_add(call->model, call->target, hpa, region->gpa, region->size, access);
}

static int32_t set_region(struct model_call *call, const struct vm_memory_region *region)
{
	if (region->size & (PAGE_4K - 1))
		return -ACRN_EINVAL;
	if (region->type == ACRN_MR_ADD)
		return add_region(call, region);
	if (!model_map_covers(call->model, call->target, region->gpa, region->size))
		return -ACRN_EINVAL;
	return model_map_remove(call->model, call->target, region->gpa, region->size);
}

int32_t model_set_memory_regions(struct model_call *call)
{
	struct set_regions regions;
	struct vm_memory_region region;
	int32_t result = ACRN_FAILED;

	if (model_read(call->model, call->caller, &regions, call->arg1, sizeof(regions)))
		return model_fail(call, MODEL_UNREADABLE);
	if (!model_severity_allows(call->model, call->target) &&
	    call->target->state == ACRN_VM_RUNNING)
		return model_fail(call, MODEL_SEVERITY);
	for (uint32_t i = 0; i < regions.mr_num && i < MOST_REGIONS; i++) {
		if (model_read(call->model, call->caller, &region,
			       regions.regions_gpa + i * sizeof(region), sizeof(region)))
			break;
		result = set_region(call, &region);
		if (result < 0)
			break;
	}
	if (result == ACRN_FAILED)
		return model_fail(call, "there is no region that could be read");
	return result;
}

static bool overlaps_hypervisor(const struct acrn_machine *machine, uint64_t hpa)
{
	return hpa + PAGE_4K > machine->hypervisor.start && hpa < machine->hypervisor.end;
}

int32_t model_write_protect_page(struct model_call *call)
{
	struct wp_data page;
	uint64_t hpa;

	if (model_read(call->model, call->caller, &page, call->arg2, sizeof(page)))
		return model_fail(call, MODEL_UNREADABLE);
	if (!model_severity_allows(call->model, call->target) || page.gpa & (PAGE_4K - 1))
		return -ACRN_EINVAL;
	hpa = model_map_find(call->model, call->target, page.gpa);
	if (hpa == ACRN_INVALID_HPA || overlaps_hypervisor(call->model->machine, hpa))
		return -ACRN_EINVAL;
	return model_map_protect(call->model, call->target, page.gpa, PAGE_4K,
				 page.set ? 0 : ACRN_MEM_WRITE, page.set ? ACRN_MEM_WRITE : 0);
}
