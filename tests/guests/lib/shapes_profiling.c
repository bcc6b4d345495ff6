/* SPDX-License-Identifier: BSD-3-Clause */
/* clang-format off */
#include "shape_macros.h"

static NAMES(npk_commands, NAME(ACRN_NPK_CONFIGURE), NAME(ACRN_NPK_ENABLE), NAME(ACRN_NPK_DISABLE),
	NAME(ACRN_NPK_QUERY));
static NAMES(npk_results, NAME(ACRN_NPK_OK), NAME(ACRN_NPK_KO), NAME(ACRN_NPK_ENABLED),
	NAME(ACRN_NPK_DISABLED));
SHAPE(hv_npk_log_param,
	NAMED_BITS(cmd, 0, 2, npk_commands),
	NAMED_BITS(res, 2, 2, npk_results),
	PLAIN(hv_npk_log_param, loglevel),
	PLAIN(hv_npk_log_param, reserved),
	PLAIN(hv_npk_log_param, mmio_addr));
SHAPE(acrn_hw_info,
	PLAIN(acrn_hw_info, cpu_num),
	PLAINS(acrn_hw_info, reserved));

NAMES(profiling_commands, NAME(ACRN_PROFILING_MSR_OPS), NAME(ACRN_PROFILING_GET_VMINFO),
	NAME(ACRN_PROFILING_GET_VERSION), NAME(ACRN_PROFILING_GET_CONTROL_SWITCH),
	NAME(ACRN_PROFILING_SET_CONTROL_SWITCH), NAME(ACRN_PROFILING_CONFIG_PMI),
	NAME(ACRN_PROFILING_CONFIG_VMSWITCH), NAME(ACRN_PROFILING_GET_PCPUID),
	NAME(ACRN_PROFILING_GET_STATUS));
static NAMES(collectors, NAME(ACRN_COLLECT_PROFILE_DATA), NAME(ACRN_COLLECT_POWER_DATA));
static NAMES(op_types, NAME(ACRN_MSR_OP_NONE), NAME(ACRN_MSR_OP_READ), NAME(ACRN_MSR_OP_WRITE),
	NAME(ACRN_MSR_OP_READ_CLEAR));
static NAMES(op_states, NAME(ACRN_MSR_OP_READY), NAME(ACRN_MSR_OP_REQUESTED),
	NAME(ACRN_MSR_OP_HANDLED));
SHAPE(profiling_msr_op,
	PLAIN(profiling_msr_op, value),
	PLAIN(profiling_msr_op, msr_id),
	PLAIN(profiling_msr_op, param),
	NAMED_BITS(msr_op_type, 14, 1, op_types),
	PLAIN(profiling_msr_op, reg_type));
static unsigned msr_ops(const void *structure)
{
	return ((const struct profiling_msr_ops_list *)structure)->num_entries;
}
static unsigned vcpus(const void *structure)
{
	return ((const struct profiling_vm_info *)structure)->num_vcpus;
}
static unsigned vms(const void *structure)
{
	return ((const struct profiling_vm_info_list *)structure)->num_vms;
}
SHAPE(profiling_msr_ops_list,
	NAMED(profiling_msr_ops_list, collector_id, collectors),
	PLAIN(profiling_msr_ops_list, num_entries),
	NAMED(profiling_msr_ops_list, msr_op_state, op_states),
	PLAIN(profiling_msr_ops_list, padding),
	COUNTED_OF(profiling_msr_ops_list, entries, profiling_msr_op, msr_ops));
SHAPE(profiling_vcpu_pcpu_map,
	PLAIN(profiling_vcpu_pcpu_map, vcpu_id),
	PLAIN(profiling_vcpu_pcpu_map, pcpu_id),
	PLAIN(profiling_vcpu_pcpu_map, apic_id));
SHAPE(profiling_vm_info,
	PLAIN(profiling_vm_info, vm_id_num),
	WORDS(profiling_vm_info, vm_name),
	PLAIN(profiling_vm_info, num_vcpus),
	COUNTED_OF(profiling_vm_info, cpu_map, profiling_vcpu_pcpu_map, vcpus));
SHAPE(profiling_vm_info_list,
	PLAIN(profiling_vm_info_list, num_vms),
	PLAIN(profiling_vm_info_list, padding),
	COUNTED_OF(profiling_vm_info_list, vm_list, profiling_vm_info, vms));

static NAMES(features, NAME(ACRN_PROFILING_CORE_PMU_SAMPLING), NAME(ACRN_PROFILING_CORE_PMU_COUNTING),
	NAME(ACRN_PROFILING_PEBS_SAMPLING), NAME(ACRN_PROFILING_LBR_SAMPLING),
	NAME(ACRN_PROFILING_UNCORE_SAMPLING), NAME(ACRN_PROFILING_VM_SWITCH_TRACING),
	NAME(ACRN_PROFILING_BIT_63));
SHAPE(profiling_version_info,
	INTEGER(profiling_version_info, major),
	INTEGER(profiling_version_info, minor),
	FLAGGED(profiling_version_info, supported_features, features),
	PLAIN(profiling_version_info, reserved));
SHAPE(profiling_control,
	NAMED(profiling_control, collector_id, collectors),
	INTEGER(profiling_control, reserved),
	FLAGGED(profiling_control, switches, features));

#define OPS(type, f)                                                                               \
	{.name = #f, .kind = STRUCTURE, .offset = offsetof(struct type, f),                        \
	 .size = sizeof(struct profiling_msr_op), .count = ACRN_PROFILING_MSRS, .rows = 1,         \
	 .shape = &shape_profiling_msr_op}
SHAPE(profiling_pmi_config,
	PLAIN(profiling_pmi_config, num_groups),
	PLAIN(profiling_pmi_config, trigger_count),
	OPS(profiling_pmi_config, initial_list),
	OPS(profiling_pmi_config, start_list),
	OPS(profiling_pmi_config, stop_list),
	OPS(profiling_pmi_config, entry_list),
	OPS(profiling_pmi_config, exit_list));
SHAPE(profiling_vmsw_config,
	NAMED(profiling_vmsw_config, collector_id, collectors),
	PLAIN(profiling_vmsw_config, padding),
	ALL_OF(profiling_vmsw_config, initial_list, profiling_msr_op),
	ALL_OF(profiling_vmsw_config, entry_list, profiling_msr_op),
	ALL_OF(profiling_vmsw_config, exit_list, profiling_msr_op));

SHAPE(profiling_pcpuid,
	PLAIN(profiling_pcpuid, leaf),
	PLAIN(profiling_pcpuid, subleaf),
	PLAIN(profiling_pcpuid, eax),
	PLAIN(profiling_pcpuid, ebx),
	PLAIN(profiling_pcpuid, ecx),
	PLAIN(profiling_pcpuid, edx));
SHAPE(profiling_status,
	PLAIN(profiling_status, samples_logged),
	PLAIN(profiling_status, samples_dropped));
