/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * profiling_ops. Each command reads its structure, does its work and writes the structure back, or
 * is refused. There are no performance counters and no MSRs: lists of MSR operations are taken as
 * done without a value, samples are never logged, and CPUID is all zeros.
 *
 * Source: debug/profiling.c of ACRN.
 */
#include "model_internal.h"

#define VERSION_MAJOR 1
#define VERSION_MINOR 0
#define MOST_CPUS     ACRN_PROFILING_VCPUS
#define SAMPLING      (ACRN_PROFILING_CORE_PMU_SAMPLING | ACRN_PROFILING_CORE_PMU_COUNTING)

/* What a command works on; the largest sets the size. */
union profile {
	struct profiling_msr_ops_list msr_ops[MOST_CPUS];
	struct profiling_vm_info_list vms;
	struct profiling_version_info version;
	struct profiling_control control;
	struct profiling_pmi_config pmi;
	struct profiling_vmsw_config vm_switch;
	struct profiling_pcpuid cpuid;
	struct profiling_status status[MOST_CPUS];
};

typedef int32_t profile_work(struct acrn_model *model, union profile *data);

static int32_t msr_ops(struct acrn_model *model, union profile *data)
{
	for (uint16_t cpu = 0; cpu < model->machine->cpus && cpu < MOST_CPUS; cpu++)
		data->msr_ops[cpu].msr_op_state = ACRN_MSR_OP_REQUESTED;
	return 0;
}

static void describe_vm(const struct acrn_model *model, const struct model_vm *vm,
			struct profiling_vm_info *info)
{
	info->vm_id_num = vm->id;
	__builtin_memcpy(info->vm_name, model->config[vm->id].name, sizeof(info->vm_name));
	info->num_vcpus = 0;
	for (uint16_t i = 0; i < vm->vcpus && i < ACRN_PROFILING_VCPUS; i++) {
		if (vm->vcpu[i].state == MODEL_VCPU_OFFLINE)
			continue;
		info->cpu_map[i] = (struct profiling_vcpu_pcpu_map){i, model_cpu_of(vm, i), 0};
		info->num_vcpus++;
	}
}

/* First the hypervisor itself, then VMs by id up to the first that is off. */
static int32_t vm_info(struct acrn_model *model, union profile *data)
{
	struct profiling_vm_info *info = data->vms.vm_list;
	uint16_t cpus = model->machine->cpus;

	info->vm_id_num = (uint16_t)ACRN_INVALID_VMID;
	__builtin_memcpy(info->vm_name, "VMM", 4);
	info->num_vcpus = cpus < ACRN_PROFILING_VCPUS ? cpus : ACRN_PROFILING_VCPUS;
	for (uint16_t i = 0; i < info->num_vcpus; i++)
		info->cpu_map[i] = (struct profiling_vcpu_pcpu_map){i, i, i};
	data->vms.num_vms = 1;
	for (uint16_t id = 0; id < model->machine->vms; id++) {
		if (model->vm[id].state == ACRN_VM_OFF)
			break;
		describe_vm(model, &model->vm[id], &info[data->vms.num_vms++]);
	}
	return 0;
}

static int32_t version(struct acrn_model *model, union profile *data)
{
	(void)model;
	data->version.major = VERSION_MAJOR;
	data->version.minor = VERSION_MINOR;
	data->version.supported_features =
		SAMPLING | ACRN_PROFILING_LBR_SAMPLING | ACRN_PROFILING_VM_SWITCH_TRACING;
	return 0;
}

static int32_t get_control(struct acrn_model *model, union profile *data)
{
	if (data->control.collector_id == ACRN_COLLECT_PROFILE_DATA)
		data->control.switches = model->sep_switches;
	return 0;
}

/* Counting starts only after a configuration, and stops when it is switched off. */
static int32_t set_control(struct acrn_model *model, union profile *data)
{
	uint64_t changed = model->sep_switches ^ data->control.switches;

	if (data->control.collector_id != ACRN_COLLECT_PROFILE_DATA)
		return 0;
	model->sep_switches = data->control.switches;
	if (changed & SAMPLING)
		model->pmu_running = model->pmu_set_up && model->sep_switches & SAMPLING;
	return 0;
}

static int32_t configure_pmi(struct acrn_model *model, union profile *data)
{
	if (model->pmu_running || data->pmi.num_groups != 1)
		return -ACRN_EINVAL;
	model->pmu_set_up = true;
	return 0;
}

static int32_t configure_vm_switch(struct acrn_model *model, union profile *data)
{
	(void)model;
	return data->vm_switch.collector_id <= ACRN_COLLECT_POWER_DATA ? 0 : -ACRN_EINVAL;
}

static int32_t cpuid(struct acrn_model *model, union profile *data)
{
	(void)model;
	data->cpuid.eax = data->cpuid.ebx = data->cpuid.ecx = data->cpuid.edx = 0;
	return 0;
}

static int32_t status(struct acrn_model *model, union profile *data)
{
	(void)model;
	__builtin_memset(data->status, 0, sizeof(data->status));
	return 0;
}

#define ONE(type)     .size = sizeof(type)
#define PER_CPU(type) .size = sizeof(type), .per_cpu = true

static const struct {
	profile_work *work;
	uint16_t size;
	bool per_cpu; /* size is one CPU's */
	bool written_if_refused;
} command[] = {
	[ACRN_PROFILING_MSR_OPS] = {.work = msr_ops, PER_CPU(struct profiling_msr_ops_list)},
	[ACRN_PROFILING_GET_VMINFO] = {.work = vm_info, ONE(struct profiling_vm_info_list)},
	[ACRN_PROFILING_GET_VERSION] = {.work = version, ONE(struct profiling_version_info)},
	[ACRN_PROFILING_GET_CONTROL_SWITCH] = {.work = get_control, ONE(struct profiling_control)},
	[ACRN_PROFILING_SET_CONTROL_SWITCH] = {.work = set_control, ONE(struct profiling_control)},
	[ACRN_PROFILING_CONFIG_PMI] = {.work = configure_pmi, ONE(struct profiling_pmi_config)},
	[ACRN_PROFILING_CONFIG_VMSWITCH] = {.work = configure_vm_switch,
					    ONE(struct profiling_vmsw_config),
					    .written_if_refused = true},
	[ACRN_PROFILING_GET_PCPUID] = {.work = cpuid, ONE(struct profiling_pcpuid)},
	[ACRN_PROFILING_GET_STATUS] = {.work = status, PER_CPU(struct profiling_status)},
};

int32_t model_profiling_ops(struct model_call *call)
{
	uint16_t cpus = call->model->machine->cpus;
	union profile data;
	size_t size;
	int32_t result;

	if (!call->model->machine->debug_build)
		return model_refuse(call, -ACRN_EPERM, MODEL_RELEASE);
	if (call->arg1 >= sizeof(command) / sizeof(*command))
		return model_fail(call, "there is no such command");
	size = command[call->arg1].size;
	if (command[call->arg1].per_cpu)
		size *= cpus < MOST_CPUS ? cpus : MOST_CPUS;
	if (model_read(call->model, call->caller, &data, call->arg2, size))
		return -ACRN_EINVAL;
	result = command[call->arg1].work(call->model, &data);
	if (result && !command[call->arg1].written_if_refused)
		return result;
	return model_write(call->model, call->caller, call->arg2, &data, size) ? -ACRN_EINVAL
									       : result;
}
