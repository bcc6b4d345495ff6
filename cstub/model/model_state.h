/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The model's state, and a call on its way through it, for its own files; a caller needs only its
 * size.
 *
 * A VM and its configuration are two things, as in ACRN, and a VM finds its configuration by its
 * own `id`, which is 0 until a create_vm with the right magic names the VM: so a VM that was never
 * created answers by the configuration of VM 0. The recorded answers show it.
 */
#ifndef MODEL_STATE_H
#define MODEL_STATE_H

#include "acrn_model.h"

#define MODEL_MAP_RANGES 2048u /* shared by the memory maps of all VMs */
#define MODEL_INTX	 64u

enum model_vcpu_state {
	MODEL_VCPU_OFFLINE,
	MODEL_VCPU_INIT,
	MODEL_VCPU_RUNNING,
	MODEL_VCPU_STOPPED,
};

struct model_vcpu {
	enum model_vcpu_state state;
	bool in_secure_world;
	enum acrn_request request; /* its last I/O request, and the answer to it */
	uint64_t answer;
};

struct model_vm {
	uint16_t id; /* index of its configuration */
	enum acrn_vm_state state;
	uint16_t vcpus; /* created */
	uint64_t cpu_affinity;
	uint64_t ioreq_page; /* host-physical, ACRN_INVALID_HPA if none */
	bool asyncio_ready;
	bool world_supported; /* the secure world; never taken back, as in ACRN */
	bool world_active;
	bool world_saved;
	uint16_t first_range; /* of its memory map */
	struct model_vcpu vcpu[ACRN_MAX_VCPUS];
};

/* Consecutive pages of one VM, in its list by ascending gpa. */
struct model_range {
	uint64_t gpa, hpa, size;
	uint8_t access; /* enum acrn_memory_protection's read, write and execute */
	bool large;	/* 2 MiB pages, else 4 KiB */
	uint16_t next;
};

/* A physical PCI device: the Service VM's own virtual one and the one given to a User VM. */
struct model_pci {
	bool in_service_vm;
	bool used_by_service_vm;
	struct model_vm *user_vm; /* whom it is assigned to, or NULL */
	uint16_t virt_bdf;
	uint32_t assigned_at; /* the later of two with one bdf is found first */
};

/* A physical interrupt line that reaches a VM. */
struct model_intx {
	struct model_vm *vm; /* NULL: free */
	uint32_t virt_pin, phys_pin;
	bool pic;
};

struct model_npk {
	uint64_t base;
	uint16_t loglevel;
	bool enabled;
};

struct acrn_model {
	const struct acrn_machine *machine;
	struct acrn_memory memory;
	struct acrn_vm_slot config[ACRN_MAX_VMS];
	struct model_vm vm[ACRN_MAX_VMS];
	struct model_range range[MODEL_MAP_RANGES];
	uint16_t free_range;
	struct model_pci pci[ACRN_MACHINE_PCI];
	uint32_t assignments;
	struct model_intx intx[MODEL_INTX];
	uint32_t callback_vector;
	struct model_npk npk;
	uint64_t sep_switches; /* of the sampling profiler */
	bool pmu_set_up, pmu_running;
	uint8_t answer_pattern;	   /* 0: answers are ACRN's */
	struct acrn_reason reason; /* of the last answer */
};

/* One call on its way through the model. */
struct model_call {
	struct acrn_model *model;
	struct model_vm *caller;
	struct model_vcpu *vcpu; /* of the caller */
	uint16_t vcpu_id;
	struct model_vm *target; /* the caller itself for a call with a permission of its own */
	uint64_t arg1, arg2;
};

/* ---- what the state says of a VM ---- */

static inline struct acrn_vm_slot *model_config(struct acrn_model *model, const struct model_vm *vm)
{
	return &model->config[vm->id];
}

static inline struct model_vm *model_service_vm(struct acrn_model *model)
{
	return &model->vm[model->machine->service_vm];
}

static inline bool model_is_service_vm(struct acrn_model *model, const struct model_vm *vm)
{
	return model_config(model, vm)->load_order == ACRN_SERVICE_VM;
}

/* Whether the Service VM may interfere with the VM while it runs. */
static inline bool model_severity_allows(struct acrn_model *model, const struct model_vm *vm)
{
	return model_config(model, vm)->severity <= ACRN_SEVERITY_SERVICE_VM;
}

#endif
