/* SPDX-License-Identifier: BSD-3-Clause */
/* What the model's files call of each other. */
#ifndef MODEL_INTERNAL_H
#define MODEL_INTERNAL_H

#include "acrn_model.h"
#include "acrn_errno.h"

#define PAGE_4K UINT64_C(0x1000)
#define PAGE_2M UINT64_C(0x200000)

typedef int32_t model_handler(struct model_call *call);

/* ---- answers of -1 (ACRN_FAILED, -ACRN_EPERM): each with its reason, acrn_model_reason ---- */

static inline int32_t model_refuse(struct model_call *call, int32_t answer, const char *why)
{
	call->model->reason = (struct acrn_reason){.text = why};
	return answer;
}

static inline int32_t model_fail(struct model_call *call, const char *why)
{
	return model_refuse(call, ACRN_FAILED, why);
}

/* "%" in `why` stands for the number. */
static inline int32_t model_fail_with(struct model_call *call, const char *why, uint64_t number)
{
	call->model->reason = (struct acrn_reason){.text = why, .number = number};
	return ACRN_FAILED;
}

#define MODEL_UNREADABLE "its structure is not in the caller's memory"
#define MODEL_SEVERITY	 "the VM is of a higher severity than the Service VM"
#define MODEL_NO_IOREQS	 "the VM has no page of I/O requests yet, which set_ioreq_buffer gives it"
#define MODEL_RELEASE	 "a release build of ACRN does not have it"

/* ---- memory (model_memory.c): guest-physical of a VM unless it says host ---- */

/* Copy page by page as far as it goes; 0 or -EINVAL. What was copied before the error stays. */
int32_t model_read(struct acrn_model *model, struct model_vm *vm, void *to, uint64_t gpa,
		   size_t size);
int32_t model_write(struct acrn_model *model, struct model_vm *vm, uint64_t gpa, const void *from,
		    size_t size);

/* The same in consecutive host-physical memory; false if it is not there. */
bool model_read_host(struct acrn_model *model, void *to, uint64_t hpa, size_t size);
bool model_write_host(struct acrn_model *model, uint64_t hpa, const void *from, size_t size);

/* ---- memory maps (model_map.c) ---- */

void model_map_init(struct acrn_model *model);
void model_map_clear(struct acrn_model *model, struct model_vm *vm);

/* The host-physical address of gpa, ACRN_INVALID_HPA if it is not mapped. */
uint64_t model_map_find(struct acrn_model *model, struct model_vm *vm, uint64_t gpa);

/* Whether ACRN finds a range mapped: that may run into a hole by less than its last page. */
bool model_map_covers(struct acrn_model *model, struct model_vm *vm, uint64_t gpa, uint64_t size);

/*
 * Addresses are rounded up and sizes down to pages. What is mapped already stays as it is. 0,
 * -EINVAL for a range that would exhaust ACRN's memory, -ENOMEM if the model has no room for one
 * more range (what was mapped or unmapped until then stays).
 */
int32_t model_map_add(struct acrn_model *model, struct model_vm *vm, uint64_t hpa, uint64_t gpa,
		      uint64_t size, uint8_t access);
int32_t model_map_remove(struct acrn_model *model, struct model_vm *vm, uint64_t gpa,
			 uint64_t size);
int32_t model_map_protect(struct acrn_model *model, struct model_vm *vm, uint64_t gpa,
			  uint64_t size, uint8_t set, uint8_t clear);

/* ---- VMs (model_vm.c) ---- */

/* The absolute id of a VM with that name, ACRN_INVALID_VMID if none has it; "" is nobody's name. */
uint16_t model_vm_by_name(const struct acrn_model *model, const char *name);

/* Reserves a free slot for a VM that is not configured; ACRN_INVALID_VMID if there is none. */
uint16_t model_reserve_slot(struct acrn_model *model, const struct acrn_vm_creation *creation);

/* Brings up the VMs that ACRN starts itself. */
void model_boot_vms(struct acrn_model *model);

void model_start_vm(struct model_vm *vm);

/* The physical CPU of a vCPU: its place among the bits of the affinity. */
uint16_t model_cpu_of(const struct model_vm *vm, uint16_t vcpu);

/* ---- what belongs to a VM and goes when it does ---- */

void model_ioreqs_set_free(struct acrn_model *model, const struct model_vm *vm); /* model_ioreq.c */
void model_devices_init(struct acrn_model *model);				 /* model_pci.c */
void model_devices_release(struct acrn_model *model, struct model_vm *vm);
void model_interrupts_release(struct acrn_model *model,
			      const struct model_vm *vm); /* model_ptdev.c */

/* The VM's vCPU may go on, its request being answered or not (model_request.c). */
void model_request_notified(struct acrn_model *model, struct model_vm *vm, uint16_t vcpu);

/* The device that the VM has at bdf, or NULL. */
struct model_pci *model_pci_find(struct acrn_model *model, const struct model_vm *vm, uint16_t bdf);
uint16_t model_pci_bdf(const struct acrn_model *model, const struct model_pci *device);

/* How many interrupt lines the VM's IOAPIC has, and how many its PIC. */
uint32_t model_gsi_count(struct acrn_model *model, const struct model_vm *vm);
#define MODEL_PIC_PINS 16u

/* The answer to the call of that index while a pattern is set (model_pattern.c). */
int32_t model_answer_with_pattern(struct model_call *call, uint8_t index);

/* ---- the handlers, by the calls' names ---- */

model_handler model_get_api_version, model_service_vm_offline_cpu, model_set_callback_vector;
model_handler model_create_vm, model_destroy_vm, model_start_vm_call, model_pause_vm,
	model_create_vcpu;
model_handler model_reset_vm, model_set_vcpu_regs, model_inject_msi, model_vm_intr_monitor;
model_handler model_set_irqline, model_set_ioreq_buffer, model_notify_request_finish;
model_handler model_asyncio_assign, model_asyncio_deassign, model_vm_gpa2hpa;
model_handler model_set_memory_regions, model_write_protect_page, model_setup_sbuf;
model_handler model_set_ptdev_intr_info, model_reset_ptdev_intr_info, model_assign_pcidev;
model_handler model_deassign_pcidev, model_assign_mmiodev, model_deassign_mmiodev, model_add_vdev;
model_handler model_remove_vdev, model_setup_hv_npk_log, model_profiling_ops, model_get_hw_info;
model_handler model_initialize_trusty, model_world_switch, model_save_restore_sworld_ctx;
model_handler model_pm_get_cpu_state, model_tee_vcpu_boot_done, model_switch_ee;

#endif
