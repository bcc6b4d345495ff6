/* SPDX-License-Identifier: BSD-3-Clause */
#include "calls.h"
#include "guest.h"
#include "machine.h"

/* clang-format off */
#define NUMBER_OF(width, is)  {.kind = VALUE, .name = #is, .bits = width}
#define VM		      NUMBER_OF(16, vmid)
#define IN(of, is)	      {.kind = READ, .name = #is, .shape = &shape_##of}
#define OUT(of, is)	      {.kind = WRITTEN, .name = #is, .shape = &shape_##of}
#define INOUT(of, is)	      {.kind = READ_WRITTEN, .name = #is, .shape = &shape_##of}
#define BITS_OF(of, is)	      {.kind = PACKED, .name = #is, .shape = &shape_##of}
#define CALL(index, is, ...)  {.nr = 0x80000000 | index, .name = #is, .argument = {__VA_ARGS__}}

#define PROFILE(command, ...) {.nr = 0x80000062, .name = "profiling_ops", .selects = true, \
	.low = command, .argument = {{.kind = COMMAND, .name = "command",                  \
	.names = profiling_commands}, __VA_ARGS__}}
#define POWER(type, ...)      {.nr = 0x80000080, .name = "pm_get_cpu_state", .selects = true, \
	.low = type, .argument = {BITS_OF(acrn_pm_command, command), __VA_ARGS__}}

const struct call every_call[] = {
	CALL(0x00, get_api_version, OUT(hc_api_version, version)),
	CALL(0x01, service_vm_offline_cpu, NUMBER_OF(32, lapic_id)),
	CALL(0x02, set_callback_vector, NUMBER_OF(64, vector)),
	CALL(0x10, create_vm, INOUT(acrn_vm_creation, vm)),
	CALL(0x11, destroy_vm, VM),
	CALL(0x12, start_vm, VM),
	CALL(0x13, pause_vm, VM),
	CALL(0x14, create_vcpu, VM),
	CALL(0x15, reset_vm, VM),
	CALL(0x16, set_vcpu_regs, VM, IN(acrn_vcpu_regs, regs)),
	CALL(0x23, inject_msi, VM, IN(acrn_msi_entry, msi)),
	CALL(0x24, vm_intr_monitor, VM, INOUT(acrn_intr_monitor, monitor)),
	CALL(0x25, set_irqline, VM, BITS_OF(acrn_irqline, line)),
	CALL(0x30, set_ioreq_buffer, VM, IN(acrn_ioreq_buffer, buffer)),
	CALL(0x31, notify_request_finish, VM, NUMBER_OF(16, vcpu)),
	CALL(0x32, asyncio_assign, VM, IN(acrn_asyncio_info, asyncio)),
	CALL(0x33, asyncio_deassign, VM, IN(acrn_asyncio_info, asyncio)),
	CALL(0x41, vm_gpa2hpa, VM, INOUT(vm_gpa2hpa, translation)),
	CALL(0x42, set_memory_regions, IN(set_regions, regions)),
	CALL(0x43, write_protect_page, VM, IN(wp_data, page)),
	CALL(0x44, setup_sbuf, VM, IN(acrn_sbuf_param, sbuf)),
	CALL(0x50, assign_ptdev, VM, NUMBER_OF(64, device)),
	CALL(0x51, deassign_ptdev, VM, NUMBER_OF(64, device)),
	CALL(0x52, vm_pci_msix_remap, VM, NUMBER_OF(64, remap)),
	CALL(0x53, set_ptdev_intr_info, VM, IN(hc_ptdev_irq, irq)),
	CALL(0x54, reset_ptdev_intr_info, VM, IN(hc_ptdev_irq, irq)),
	CALL(0x55, assign_pcidev, VM, IN(acrn_pcidev, device)),
	CALL(0x56, deassign_pcidev, VM, IN(acrn_pcidev, device)),
	CALL(0x57, assign_mmiodev, VM, IN(acrn_mmiodev, device)),
	CALL(0x58, deassign_mmiodev, VM, IN(acrn_mmiodev, device)),
	CALL(0x59, add_vdev, VM, IN(acrn_vdev, device)),
	CALL(0x5a, remove_vdev, VM, IN(acrn_vdev, device)),
	CALL(0x61, setup_hv_npk_log, INOUT(hv_npk_log_param, log)),
	PROFILE(0, INOUT(profiling_msr_ops_list, data)),
	PROFILE(1, OUT(profiling_vm_info_list, data)),
	PROFILE(2, OUT(profiling_version_info, data)),
	PROFILE(3, INOUT(profiling_control, data)),
	PROFILE(4, IN(profiling_control, data)),
	PROFILE(5, IN(profiling_pmi_config, data)),
	PROFILE(6, IN(profiling_vmsw_config, data)),
	PROFILE(7, INOUT(profiling_pcpuid, data)),
	PROFILE(8, OUT(profiling_status, data)),
	CALL(0x63, get_hw_info, OUT(acrn_hw_info, info)),
	CALL(0x70, initialize_trusty, IN(trusty_boot_param, boot)),
	CALL(0x71, world_switch, NUMBER_OF(64, rdi), NUMBER_OF(64, rsi)),
	CALL(0x72, save_restore_sworld_ctx),
	POWER(0, OUT(byte, state)),
	POWER(1, OUT(acrn_pstate_data, state)),
	POWER(2, OUT(byte, state)),
	POWER(3, OUT(acrn_cstate_data, state)),
	CALL(0x90, tee_vcpu_boot_done, NUMBER_OF(64, start_ree)),
	CALL(0x91, switch_ee, NUMBER_OF(64, rdi), NUMBER_OF(64, rsi)),
};
const unsigned calls = sizeof(every_call) / sizeof(*every_call);
/* clang-format on */

const struct call *call_named(const char *name)
{
	for (unsigned i = 0; i < calls; i++) {
		const char *other = every_call[i].name, *same = name;

		for (; *same && *same == *other; same++)
			other++;
		if (*same == *other)
			return &every_call[i];
	}
	print("no call is named %s\n", name);
	machine_fail();
}

static void state_input(const struct argument *argument, uint64_t value)
{
	switch (argument->kind) {
	case VALUE:
		return state_number(argument->bits < 64 ? value & ((1ul << argument->bits) - 1)
							: value);
	case COMMAND:
		return state_named(value, argument->names);
	case PACKED:
		return state_structure(argument->shape, &value, false);
	default:
		return state_target(value, false);
	}
}

static bool has_changed(uint64_t gpa)
{
	static uint8_t now[0x2000];
	const struct placement *placement = placed_at(gpa);

	if (!placement)
		return false;
	physical_read(gpa, now, placement->size);
	return memcmp(now, placement->before, placement->size);
}

/* Also of a structure that is as it was something behind it may have changed. */
static bool any_changed(void)
{
	bool changed = false;

	for (unsigned i = 0; placement_number(i); i++)
		changed |= has_changed(placement_number(i)->gpa);
	return changed;
}

static bool stated(const struct argument *argument, bool now)
{
	if (argument->kind == NONE)
		return false;
	if (!now)
		return argument->kind != WRITTEN;
	return argument->kind == WRITTEN || (is_pointer(argument) && any_changed());
}

static void state_arguments(const struct call *call, const uint64_t *registers, bool now)
{
	const char *between = "";

	for (unsigned i = 0; i < 2; i++) {
		const struct argument *argument = &call->argument[i];

		if (!stated(argument, now))
			continue;
		print("%s\"%s\":", between, argument->name);
		if (now)
			state_target(registers[i], true);
		else
			state_input(argument, registers[i]);
		between = ",";
	}
}

long make(const struct call *call, uint64_t rdi, uint64_t rsi)
{
	uint64_t registers[] = {rdi, rsi};
	long ret = acrn_hypercall2(call->nr, rdi, rsi);

	print("EXPECT {\"name\":\"%s\",\"nr\":\"%#lx\",\"args\":[\"%#lx\",\"%#lx\"],\"ret\":%ld,",
	      call->name, call->nr, rdi, rsi, ret);
	print("\"in\":{");
	state_arguments(call, registers, false);
	print("},\"out\":{");
	state_arguments(call, registers, true);
	print("}}\n");
	return ret;
}
