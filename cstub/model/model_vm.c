/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The life of a VM: create_vm, start_vm, pause_vm, reset_vm, destroy_vm, and where its slot comes
 * from.
 *
 * A free slot is taken by writing the new VM's name into its configuration, and given back by
 * wiping the name, also when the create_vm that failed did so because a VM of that name runs
 * already. That one then has no name, its slot counts as free and every further create_vm by
 * another name picks it and fails, until it is destroyed. And a slot that once asked for a secure
 * world asks for it ever after.
 *
 * A VM on a CPU that does not exist crashes ACRN; the model refuses it with -1.
 *
 * Source: common/hypercall.c, arch/x86/guest/{vm.c,vmcall.c} of ACRN.
 */
#include "model_internal.h"

/* The flags that create_vm may set; the others are the configuration's. */
#define CALLER_FLAGS                                                                               \
	((uint64_t)(ACRN_VM_SECURE_WORLD_ENABLED | ACRN_VM_LAPIC_PASSTHROUGH | ACRN_VM_RT |        \
		    ACRN_VM_IO_COMPLETION_POLLING | ACRN_VM_PMU_PASSTHROUGH))

static bool same_name(const char *a, const char *b)
{
	for (size_t i = 0; i < ACRN_VM_NAME_LENGTH; i++) {
		if (a[i] != b[i])
			return false;
		if (!a[i])
			break;
	}
	return true;
}

uint16_t model_vm_by_name(const struct acrn_model *model, const char *name)
{
	for (uint16_t id = 0; *name && id < model->machine->vms; id++)
		if (same_name(model->config[id].name, name))
			return id;
	return (uint16_t)ACRN_INVALID_VMID;
}

uint16_t model_reserve_slot(struct acrn_model *model, const struct acrn_vm_creation *creation)
{
	for (uint16_t id = 0; id < model->machine->vms; id++) {
		struct acrn_vm_slot *slot = &model->config[id];

		if (slot->name[0] || slot->flags & ACRN_VM_STATIC_VM)
			continue;
		__builtin_memcpy(slot->name, creation->name, sizeof(slot->name));
		slot->cpu_affinity = creation->cpu_affinity;
		return id;
	}
	return (uint16_t)ACRN_INVALID_VMID;
}

static void free_slot(struct acrn_vm_slot *slot)
{
	if (!(slot->flags & ACRN_VM_STATIC_VM))
		__builtin_memset(slot->name, 0, sizeof(slot->name));
}

uint16_t model_cpu_of(const struct model_vm *vm, uint16_t vcpu)
{
	uint64_t left = vm->cpu_affinity;

	for (; left && vcpu; vcpu--)
		left &= left - 1;
	return left ? (uint16_t)__builtin_ctzll(left) : UINT16_MAX;
}

/* Whether there is memory for the VM's secure world, if it has one. */
static bool secure_world_fits(struct acrn_model *model, struct model_vm *vm)
{
	struct acrn_vm_slot *config = model_config(model, vm);
	uint32_t before = 0;

	if (config->flags & ACRN_VM_SECURE_WORLD_ENABLED)
		vm->world_supported = true;
	if (!vm->world_supported)
		return true;
	for (uint16_t id = 0; id < vm->id; id++)
		before += !!(model->config[id].flags & ACRN_VM_SECURE_WORLD_ENABLED);
	return config->flags & ACRN_VM_SECURE_WORLD_ENABLED && before < model->machine->trusty_vms;
}

/* A VM without a name gets one from its id. */
static void name_vm(struct acrn_vm_slot *slot, uint16_t id)
{
	static const char prefix[] = "ACRN VM_";

	if (slot->name[0])
		return;
	__builtin_memcpy(slot->name, prefix, sizeof(prefix));
	slot->name[8] = (char)('0' + (id < 10 ? id : id / 10));
	slot->name[9] = id < 10 ? 0 : (char)('0' + id % 10);
}

static void add_vcpus(struct acrn_model *model, struct model_vm *vm, uint64_t cpus)
{
	vm->cpu_affinity = cpus;
	for (; cpus && vm->vcpus < model->machine->max_vcpus; cpus &= cpus - 1)
		vm->vcpu[vm->vcpus++] = (struct model_vcpu){.state = MODEL_VCPU_INIT};
}

static bool build_vm(struct acrn_model *model, struct model_vm *vm, uint64_t cpus)
{
	vm->vcpus = 0;
	model_map_clear(model, vm);
	if (!secure_world_fits(model, vm))
		return false;
	name_vm(model_config(model, vm), vm->id);
	vm->ioreq_page = ACRN_INVALID_HPA;
	vm->state = ACRN_VM_CREATED;
	add_vcpus(model, vm, cpus);
	return true;
}

/* Whether a CPU of the set does not exist. */
static bool beyond(const struct acrn_machine *machine, uint64_t cpus)
{
	return machine->cpus < 64 && cpus >> machine->cpus;
}

/* Creates the VM that `creation` asks for and fills in its outputs; -1 if it must not be. */
static int32_t create(struct model_call *call, struct acrn_vm_creation *creation)
{
	struct acrn_model *model = call->model;
	struct acrn_vm_slot *config = model_config(model, call->target);
	struct model_vm *vm = &model->vm[call->target->id];
	uint64_t cpus = config->cpu_affinity;

	if (vm->state != ACRN_VM_OFF)
		return model_fail(call, "the VM of that slot is there already");
	config->flags = (config->flags & ~CALLER_FLAGS) | (creation->vm_flag & CALLER_FLAGS);
	if (creation->cpu_affinity)
		cpus = creation->cpu_affinity;
	if (cpus & ~config->cpu_affinity)
		return model_fail_with(call, "cpu_affinity has CPUs that are not the VM's, %",
				       config->cpu_affinity);
	if (beyond(model->machine, cpus))
		return model_fail_with(call, "the machine has no such CPU, only % of them",
				       model->machine->cpus);
	if (config->flags & ACRN_VM_LAPIC_PASSTHROUGH && !(config->flags & ACRN_VM_RT))
		return model_fail(call, "ACRN_VM_LAPIC_PASSTHROUGH needs ACRN_VM_RT");
	if (build_vm(model, vm, cpus)) {
		creation->vmid = (uint16_t)(vm->id - call->caller->id);
		creation->vcpu_num = vm->vcpus;
	} else {
		creation->vmid = (uint16_t)ACRN_INVALID_VMID;
	}
	return 0;
}

int32_t model_create_vm(struct model_call *call)
{
	struct acrn_vm_creation creation;
	int32_t result;

	if (model_read(call->model, call->caller, &creation, call->arg1, sizeof(creation)))
		result = model_fail(call, MODEL_UNREADABLE);
	else
		result = create(call, &creation);
	if (!result)
		result = model_write(call->model, call->caller, call->arg1, &creation,
				     sizeof(creation));
	if (result || creation.vmid == ACRN_INVALID_VMID)
		free_slot(model_config(call->model, call->target));
	return result;
}

static void set_vcpus(struct model_vm *vm, enum model_vcpu_state state)
{
	for (uint16_t i = 0; i < vm->vcpus; i++)
		if (vm->vcpu[i].state != MODEL_VCPU_OFFLINE)
			vm->vcpu[i].state = state;
}

int32_t model_destroy_vm(struct model_call *call)
{
	struct model_vm *vm = call->target;
	struct acrn_vm_slot *config = model_config(call->model, vm);

	vm->state = ACRN_VM_OFF;
	vm->world_active = false;
	model_devices_release(call->model, vm);
	model_interrupts_release(call->model, vm);
	model_map_clear(call->model, vm);
	set_vcpus(vm, MODEL_VCPU_OFFLINE);
	config->flags &= ~CALLER_FLAGS;
	free_slot(config);
	return 0;
}

void model_start_vm(struct model_vm *vm)
{
	vm->state = ACRN_VM_RUNNING;
	vm->vcpu[0].state = MODEL_VCPU_RUNNING;
}

int32_t model_start_vm_call(struct model_call *call)
{
	if (call->target->ioreq_page == ACRN_INVALID_HPA)
		return model_fail(call, MODEL_NO_IOREQS);
	model_start_vm(call->target);
	return 0;
}

/* A VM above the Service VM's severity goes on running, and the answer is 0 all the same. */
int32_t model_pause_vm(struct model_call *call)
{
	struct model_vm *vm = call->target;

	if (vm->state == ACRN_VM_PAUSED)
		return 0;
	if (vm->state == ACRN_VM_RUNNING && !model_severity_allows(call->model, vm))
		return 0;
	set_vcpus(vm, MODEL_VCPU_STOPPED);
	vm->state = ACRN_VM_PAUSED;
	return 0;
}

int32_t model_reset_vm(struct model_call *call)
{
	struct model_vm *vm = call->target;

	set_vcpus(vm, MODEL_VCPU_INIT);
	for (uint16_t i = 0; i < vm->vcpus; i++) {
		vm->vcpu[i].in_secure_world = false;
		vm->vcpu[i].request = ACRN_REQUEST_NONE;
	}
	model_ioreqs_set_free(call->model, vm);
	vm->world_active = false;
	vm->state = ACRN_VM_CREATED;
	return 0;
}

bool acrn_model_set_vm_state(struct acrn_model *model, uint16_t vm, enum acrn_vm_state state)
{
	struct model_vm *target;

	if (vm >= model->machine->vms || model->config[vm].load_order != ACRN_POST_LAUNCHED)
		return false;
	target = &model->vm[vm];
	target->id = vm;
	if (state != ACRN_VM_OFF && !build_vm(model, target, model->config[vm].cpu_affinity))
		return false;
	if (state == ACRN_VM_RUNNING)
		model_start_vm(target);
	if (state == ACRN_VM_PAUSED)
		set_vcpus(target, MODEL_VCPU_STOPPED);
	target->state = state;
	return true;
}

/* Everything below the end of memory but the holes, which ascend. */
static void map_service_vm(struct acrn_model *model, struct model_vm *vm)
{
	const struct acrn_machine *machine = model->machine;
	uint8_t all = ACRN_MEM_READ | ACRN_MEM_WRITE | ACRN_MEM_EXECUTE;

	model_map_add(model, vm, 0, 0, machine->memory_end, all);
	for (uint32_t i = 0; i < machine->holes; i++)
		model_map_remove(model, vm, machine->hole[i].start,
				 machine->hole[i].end - machine->hole[i].start);
}

void model_boot_vms(struct acrn_model *model)
{
	for (uint16_t id = 0; id < model->machine->vms; id++) {
		struct model_vm *vm = &model->vm[id];

		vm->ioreq_page = ACRN_INVALID_HPA;
		if (model->config[id].load_order == ACRN_POST_LAUNCHED)
			continue;
		vm->id = id;
		build_vm(model, vm, model->config[id].cpu_affinity);
		if (id == model->machine->service_vm)
			map_service_vm(model, vm);
		model_start_vm(vm);
	}
}
