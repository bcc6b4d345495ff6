/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From VMCALL to handler: who may call at all, which handler the number selects, which VM is meant,
 * and whether that VM is in a state in which the call can do anything.
 *
 * Two things here are as odd as ACRN is. The handler is chosen by the low eight bits of the number
 * alone, but where to find the target's id by all 64: with another magic it is always the low
 * half-word of the first argument. And a call that asks for flags is open to a VM that has any one
 * of them.
 */
#include "hypercall_abi.h"
#include "model_internal.h"

#define ACRN_ABI	      hypercall_abis[HYPERCALL_ABI_acrn]
#define FIRST_CALLBACK_VECTOR 0xf3u /* HYPERVISOR_CALLBACK_HSM_VECTOR */
#define TABLE_ROWS	      0x92u /* the next after the last call */
#define GUEST_CALLS	      (ACRN_VM_SECURE_WORLD_ENABLED | ACRN_VM_TEE | ACRN_VM_REE)

enum target_source {
	FROM_VMID,
	FROM_NAME,	 /* of the struct acrn_vm_creation that arg1 points at */
	FROM_REGIONS,	 /* struct set_regions */
	FROM_PM_COMMAND, /* bits 31:24 of arg1 */
	IS_CALLER,
};

#define IN(state) (1u << (state))

enum allowed_states {
	ANY = 0,
	CREATED = IN(ACRN_VM_CREATED),
	PAUSED = IN(ACRN_VM_PAUSED),
	STANDBY = CREATED | PAUSED,
	INACTIVE = STANDBY | IN(ACRN_VM_READY_TO_POWER_OFF),
	NOT_OFF = INACTIVE | IN(ACRN_VM_RUNNING),
};

struct call_row {
	model_handler *handler;
	enum target_source target;
	uint8_t states;
	int32_t refusal;     /* answer in any other state */
	uint64_t permission; /* flags of which the caller needs one; 0: it must be the Service VM */
};

#define SERVICE(...)                                                                               \
	{                                                                                          \
		.handler = __VA_ARGS__                                                             \
	}
#define TARGET(source)	   .target = source
#define WHEN(mask, answer) .states = mask, .refusal = answer
#define GUEST(function, flags)                                                                     \
	{                                                                                          \
		.handler = function, .permission = flags                                           \
	}

static const struct call_row table[TABLE_ROWS] = {
	[0x00] = SERVICE(model_get_api_version, TARGET(IS_CALLER)),
	[0x01] = SERVICE(model_service_vm_offline_cpu, TARGET(IS_CALLER)),
	[0x02] = SERVICE(model_set_callback_vector, TARGET(IS_CALLER)),
	[0x10] = SERVICE(model_create_vm, TARGET(FROM_NAME)),
	[0x11] = SERVICE(model_destroy_vm, WHEN(PAUSED, ACRN_FAILED)),
	[0x12] = SERVICE(model_start_vm_call, WHEN(CREATED, ACRN_FAILED)),
	[0x13] = SERVICE(model_pause_vm, WHEN(NOT_OFF, ACRN_FAILED)),
	[0x14] = SERVICE(model_create_vcpu),
	[0x15] = SERVICE(model_reset_vm, WHEN(PAUSED, ACRN_FAILED)),
	[0x16] = SERVICE(model_set_vcpu_regs, WHEN(INACTIVE, ACRN_FAILED)),
	[0x23] = SERVICE(model_inject_msi, WHEN(NOT_OFF, ACRN_FAILED)),
	[0x24] = SERVICE(model_vm_intr_monitor, WHEN(NOT_OFF, -ACRN_EINVAL)),
	[0x25] = SERVICE(model_set_irqline, WHEN(NOT_OFF, ACRN_FAILED)),
	[0x30] = SERVICE(model_set_ioreq_buffer, WHEN(CREATED, ACRN_FAILED)),
	[0x31] = SERVICE(model_notify_request_finish, WHEN(NOT_OFF, ACRN_FAILED)),
	[0x32] = SERVICE(model_asyncio_assign),
	[0x33] = SERVICE(model_asyncio_deassign),
	[0x41] = SERVICE(model_vm_gpa2hpa, WHEN(NOT_OFF, ACRN_FAILED)),
	[0x42] =
		SERVICE(model_set_memory_regions, TARGET(FROM_REGIONS), WHEN(NOT_OFF, ACRN_FAILED)),
	[0x43] = SERVICE(model_write_protect_page, WHEN(NOT_OFF, ACRN_FAILED)),
	[0x44] = SERVICE(model_setup_sbuf),
	[0x53] = SERVICE(model_set_ptdev_intr_info, WHEN(CREATED, ACRN_FAILED)),
	[0x54] = SERVICE(model_reset_ptdev_intr_info, WHEN(STANDBY, ACRN_FAILED)),
	[0x55] = SERVICE(model_assign_pcidev, WHEN(CREATED, -ACRN_EINVAL)),
	[0x56] = SERVICE(model_deassign_pcidev, WHEN(STANDBY, -ACRN_EINVAL)),
	[0x57] = SERVICE(model_assign_mmiodev, WHEN(CREATED, -ACRN_EINVAL)),
	[0x58] = SERVICE(model_deassign_mmiodev, WHEN(STANDBY, -ACRN_EINVAL)),
	[0x59] = SERVICE(model_add_vdev, WHEN(CREATED, -ACRN_EINVAL)),
	[0x5a] = SERVICE(model_remove_vdev, WHEN(STANDBY, -ACRN_EINVAL)),
	[0x61] = SERVICE(model_setup_hv_npk_log, TARGET(IS_CALLER)),
	[0x62] = SERVICE(model_profiling_ops, TARGET(IS_CALLER)),
	[0x63] = SERVICE(model_get_hw_info, TARGET(IS_CALLER)),
	[0x70] = GUEST(model_initialize_trusty, ACRN_VM_SECURE_WORLD_ENABLED),
	[0x71] = GUEST(model_world_switch, ACRN_VM_SECURE_WORLD_ENABLED),
	[0x72] = GUEST(model_save_restore_sworld_ctx, ACRN_VM_SECURE_WORLD_ENABLED),
	[0x80] = SERVICE(model_pm_get_cpu_state, TARGET(FROM_PM_COMMAND),
			 WHEN(STANDBY, ACRN_FAILED)),
	[0x90] = GUEST(model_tee_vcpu_boot_done, ACRN_VM_TEE),
	[0x91] = GUEST(model_switch_ee, ACRN_VM_TEE | ACRN_VM_REE),
};

static const struct call_row *row_of(uint64_t number)
{
	uint64_t index = number & ACRN_ABI.numbers.index;
	const struct call_row *row = &table[index < TABLE_ROWS ? index : 0];

	return index < TABLE_ROWS && row->handler ? row : NULL;
}

static uint16_t id_from_name(struct model_call *call)
{
	struct acrn_vm_creation creation;
	uint16_t id;

	if (model_read(call->model, call->caller, &creation, call->arg1, sizeof(creation)))
		return (uint16_t)ACRN_INVALID_VMID;
	id = model_vm_by_name(call->model, creation.name);
	return id != ACRN_INVALID_VMID ? id : model_reserve_slot(call->model, &creation);
}

static uint16_t id_from_regions(struct model_call *call)
{
	struct set_regions regions;

	if (model_read(call->model, call->caller, &regions, call->arg1, sizeof(regions)))
		return (uint16_t)ACRN_INVALID_VMID;
	return (uint16_t)(call->caller->id + regions.vmid);
}

static uint16_t target_id(struct model_call *call, enum target_source source)
{
	switch (source) {
	case FROM_NAME:
		return id_from_name(call);
	case FROM_REGIONS:
		return id_from_regions(call);
	case FROM_PM_COMMAND:
		return (uint16_t)(call->caller->id + (call->arg1 >> 24 & 0xff));
	case IS_CALLER:
		return (uint16_t)(call->caller - call->model->vm);
	case FROM_VMID:
		break;
	}
	return (uint16_t)(call->caller->id + (uint16_t)call->arg1);
}

/* Sets call->target; false if there is no such VM, or it is one that the Service VM has no say
 * over. */
static bool find_target(struct model_call *call, uint64_t number, enum target_source source)
{
	bool right_magic = (number & ~ACRN_ABI.numbers.index) == ACRN_ABI.numbers.base;
	uint16_t id = target_id(call, right_magic ? source : FROM_VMID);

	if (id >= call->model->machine->vms)
		return false;
	call->target = &call->model->vm[id];
	if (right_magic && source == FROM_NAME)
		call->target->id = id;
	return model_config(call->model, call->target)->load_order != ACRN_PRE_LAUNCHED;
}

static int32_t refuse_state(struct model_call *call, const struct call_row *row)
{
	static const char *const is[] = {
		[ACRN_VM_OFF] = "the VM is off",
		[ACRN_VM_CREATED] = "the VM is created, neither started nor paused",
		[ACRN_VM_RUNNING] = "the VM is running",
		[ACRN_VM_READY_TO_POWER_OFF] = "the VM is about to power off",
		[ACRN_VM_PAUSED] = "the VM is paused",
	};

	model_refuse(call, row->refusal, is[call->target->state]);
	call->model->reason.no_vm = call->target->state == ACRN_VM_OFF;
	return row->refusal;
}

static int32_t dispatch(struct model_call *call, uint64_t number)
{
	const struct call_row *row = row_of(number);
	const struct acrn_vm_slot *config = model_config(call->model, call->caller);

	if (!row)
		return -ACRN_ENOTTY;
	if (call->model->answer_pattern)
		return model_answer_with_pattern(call, (uint8_t)number);
	if (row->permission)
		return config->flags & row->permission ? row->handler(call) : -ACRN_ENOTTY;
	if (config->load_order != ACRN_SERVICE_VM || config->flags & ACRN_VM_REE)
		return -ACRN_ENOTTY;
	if (!find_target(call, number, row->target))
		return -ACRN_ENOTTY;
	if (row->states != ANY && !(row->states & IN(call->target->state)))
		return refuse_state(call, row);
	return row->handler(call);
}

enum acrn_outcome acrn_model_vmcall(struct acrn_model *model, const struct acrn_vmcall *vmcall,
				    uint64_t *rax)
{
	struct model_call call = {
		.model = model, .arg1 = vmcall->argument[0], .arg2 = vmcall->argument[1]};
	const struct acrn_vm_slot *config;

	if (vmcall->vm >= model->machine->vms || vmcall->vcpu >= ACRN_MAX_VCPUS)
		return ACRN_RAISES_UD;
	call.caller = &model->vm[vmcall->vm];
	call.target = call.caller;
	call.vcpu = &call.caller->vcpu[vmcall->vcpu];
	call.vcpu_id = vmcall->vcpu;
	model->reason = (struct acrn_reason){0};
	config = model_config(model, call.caller);
	if (config->load_order != ACRN_SERVICE_VM && !(config->flags & GUEST_CALLS))
		return ACRN_RAISES_UD;
	if (vmcall->cpl)
		return ACRN_RAISES_GP;
	*rax = (uint64_t)(int64_t)dispatch(&call, vmcall->number);
	return ACRN_RETURNED;
}

struct acrn_reason acrn_model_reason(const struct acrn_model *model)
{
	return model->reason;
}

bool acrn_model_handles(uint64_t number)
{
	return row_of(number) != NULL;
}

enum acrn_vm_state acrn_model_vm_state(const struct acrn_model *model, uint16_t vm)
{
	return vm < model->machine->vms ? model->vm[vm].state : ACRN_VM_OFF;
}

void acrn_model_set_vm_flags(struct acrn_model *model, uint16_t vm, uint64_t flags)
{
	if (vm < model->machine->vms)
		model->config[vm].flags = flags;
}

void acrn_model_set_answer_pattern(struct acrn_model *model, uint8_t pattern)
{
	model->answer_pattern = pattern;
}

size_t acrn_model_size(void)
{
	return sizeof(struct acrn_model);
}

void acrn_model_init(struct acrn_model *model, const struct acrn_machine *machine,
		     const struct acrn_memory *memory)
{
	__builtin_memset(model, 0, sizeof(*model));
	model->machine = machine;
	model->memory = *memory;
	__builtin_memcpy(model->config, machine->vm, sizeof(model->config));
	model->callback_vector = FIRST_CALLBACK_VECTOR;
	model_map_init(model);
	model_devices_init(model);
	model_boot_vms(model);
}
