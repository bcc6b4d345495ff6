/* SPDX-License-Identifier: BSD-3-Clause */
/* clang-format off */
#include "shape_macros.h"

SHAPE(hc_api_version,
	PLAIN(hc_api_version, major_version),
	PLAIN(hc_api_version, minor_version));

static NAMES(vm_flags, NAME(ACRN_VM_SECURE_WORLD_ENABLED), NAME(ACRN_VM_LAPIC_PASSTHROUGH),
	NAME(ACRN_VM_IO_COMPLETION_POLLING), NAME(ACRN_VM_HIDE_MTRR), NAME(ACRN_VM_RT),
	NAME(ACRN_VM_NVMX_ENABLED), NAME(ACRN_VM_SECURITY_VM), NAME(ACRN_VM_VCAT_ENABLED),
	NAME(ACRN_VM_STATIC_VM), NAME(ACRN_VM_TEE), NAME(ACRN_VM_REE), NAME(ACRN_VM_PMU_PASSTHROUGH),
	NAME(ACRN_VM_VHWP), NAME(ACRN_VM_VTM), NAME(ACRN_VM_BIT_63));
SHAPE(acrn_vm_creation,
	PLAIN(acrn_vm_creation, vmid),
	PLAIN(acrn_vm_creation, reserved0),
	PLAIN(acrn_vm_creation, vcpu_num),
	PLAIN(acrn_vm_creation, reserved1),
	WORDS(acrn_vm_creation, name),
	FLAGGED(acrn_vm_creation, vm_flag, vm_flags),
	PLAIN(acrn_vm_creation, ioreq_buf),
	PLAIN(acrn_vm_creation, cpu_affinity));

#define GPR(r) PLAIN(acrn_gp_regs, r)
SHAPE(acrn_gp_regs, GPR(rax), GPR(rcx), GPR(rdx), GPR(rbx), GPR(rsp), GPR(rbp), GPR(rsi), GPR(rdi),
	GPR(r8), GPR(r9), GPR(r10), GPR(r11), GPR(r12), GPR(r13), GPR(r14), GPR(r15));
SHAPE(acrn_descriptor_ptr,
	PLAIN(acrn_descriptor_ptr, limit),
	PLAIN(acrn_descriptor_ptr, base),
	PLAINS(acrn_descriptor_ptr, reserved));
#define REG(r) PLAIN(acrn_regs, r)
SHAPE(acrn_regs,
	WITHIN(acrn_regs, gprs, acrn_gp_regs),
	WITHIN(acrn_regs, gdt, acrn_descriptor_ptr),
	WITHIN(acrn_regs, idt, acrn_descriptor_ptr),
	REG(rip), REG(cs_base), REG(cr0), REG(cr4), REG(cr3), REG(ia32_efer), REG(rflags),
	PLAINS(acrn_regs, reserved_64),
	REG(cs_ar), REG(cs_limit),
	PLAINS(acrn_regs, reserved_32),
	REG(cs_sel), REG(ss_sel), REG(ds_sel), REG(es_sel), REG(fs_sel), REG(gs_sel), REG(ldt_sel),
	REG(tr_sel));
SHAPE(acrn_vcpu_regs,
	PLAIN(acrn_vcpu_regs, vcpu_id),
	PLAINS(acrn_vcpu_regs, reserved),
	WITHIN(acrn_vcpu_regs, vcpu_regs, acrn_regs));

SHAPE(acrn_msi_entry,
	PLAIN(acrn_msi_entry, msi_addr),
	PLAIN(acrn_msi_entry, msi_data));

static NAMES(monitor_commands, NAME(ACRN_INTR_GET_DATA), NAME(ACRN_INTR_DELAY_INT));
/* vm_intr_monitor's delay is in the first, whatever the count says. */
static unsigned intr_entries(const void *structure)
{
	uint32_t count = ((const struct acrn_intr_monitor *)structure)->buf_cnt;

	return count ? count : 1;
}
SHAPE(acrn_intr_monitor,
	NAMED(acrn_intr_monitor, cmd, monitor_commands),
	PLAIN(acrn_intr_monitor, buf_cnt),
	COUNTED(acrn_intr_monitor, buffer, intr_entries));

static NAMES(line_operations, NAME(ACRN_GSI_SET_HIGH), NAME(ACRN_GSI_SET_LOW),
	NAME(ACRN_GSI_RISING_PULSE), NAME(ACRN_GSI_FALLING_PULSE));
SHAPE(acrn_irqline,
	BITS(gsi, 0, 4),
	NAMED_BITS(op, 4, 4, line_operations));

SHAPE(acrn_asyncio_info,
	NAMED(acrn_asyncio_info, type, ((const struct name[]){NAME(ACRN_ASYNCIO_PIO),
		NAME(ACRN_ASYNCIO_MMIO), {0, NULL}})),
	PLAIN(acrn_asyncio_info, match_data),
	PLAIN(acrn_asyncio_info, addr),
	PLAIN(acrn_asyncio_info, fd),
	PLAIN(acrn_asyncio_info, data));

SHAPE(vm_gpa2hpa,
	PLAIN(vm_gpa2hpa, gpa),
	PLAIN(vm_gpa2hpa, hpa));

static NAMES(region_types, NAME(ACRN_MR_ADD), NAME(ACRN_MR_DELETE), NAME(ACRN_MR_MODIFY));
static NAMES(protections, NAME(ACRN_MEM_READ), NAME(ACRN_MEM_WRITE), NAME(ACRN_MEM_EXECUTE),
	NAME(ACRN_MEM_WRITE_BACK), NAME(ACRN_MEM_WRITE_THROUGH), NAME(ACRN_MEM_UNCACHED),
	NAME(ACRN_MEM_WRITE_COMBINE), NAME(ACRN_MEM_WRITE_PROTECT));
SHAPE(vm_memory_region,
	NAMED(vm_memory_region, type, region_types),
	FLAGGED(vm_memory_region, prot, protections),
	PLAIN(vm_memory_region, gpa),
	PLAIN(vm_memory_region, service_vm_gpa),
	PLAIN(vm_memory_region, size));
SHAPE(set_regions,
	PLAIN(set_regions, vmid),
	PLAIN(set_regions, reserved0),
	PLAIN(set_regions, reserved1),
	PLAIN(set_regions, mr_num),
	PLAIN(set_regions, padding),
	POINTS(set_regions, regions_gpa));
SHAPE(wp_data,
	PLAIN(wp_data, set),
	PLAINS(wp_data, pad),
	PLAIN(wp_data, gpa));

static NAMES(sbuf_ids, NAME(ACRN_SBUF_TRACE), NAME(ACRN_SBUF_HVLOG), NAME(ACRN_SBUF_SEP),
	NAME(ACRN_SBUF_SOCWATCH), NAME(ACRN_SBUF_ASYNCIO), NAME(ACRN_SBUF_VM_EVENT));
static NAMES(sbuf_flags, NAME(ACRN_SBUF_COUNT_OVERRUN), NAME(ACRN_SBUF_OVERWRITE));
SHAPE(acrn_sbuf_param,
	PLAIN(acrn_sbuf_param, cpu_id),
	PLAIN(acrn_sbuf_param, reserved),
	NAMED(acrn_sbuf_param, sbuf_id, sbuf_ids),
	POINTS(acrn_sbuf_param, gpa));
SHAPE(shared_buf,
	PLAIN(shared_buf, magic),
	PLAIN(shared_buf, ele_num),
	PLAIN(shared_buf, ele_size),
	PLAIN(shared_buf, head),
	PLAIN(shared_buf, tail),
	FLAGGED(shared_buf, flags, sbuf_flags),
	PLAIN(shared_buf, reserved),
	PLAIN(shared_buf, overrun_cnt),
	PLAIN(shared_buf, size),
	PLAINS(shared_buf, padding));

static NAMES(pcidev_flags, NAME(ACRN_PCIDEV_QUIRK_ASSIGN));
SHAPE(acrn_pcidev,
	FLAGGED(acrn_pcidev, type, pcidev_flags),
	PLAIN(acrn_pcidev, virt_bdf),
	PLAIN(acrn_pcidev, phys_bdf),
	PLAIN(acrn_pcidev, intr_line),
	PLAIN(acrn_pcidev, intr_pin),
	PLAINS(acrn_pcidev, bar));
SHAPE(acrn_mmiores,
	PLAIN(acrn_mmiores, user_vm_pa),
	PLAIN(acrn_mmiores, host_pa),
	PLAIN(acrn_mmiores, size),
	PLAIN(acrn_mmiores, mem_type));
SHAPE(acrn_mmiodev,
	WORDS(acrn_mmiodev, name),
	ALL_OF(acrn_mmiodev, res, acrn_mmiores));
SHAPE(acrn_vdev_id,
	PLAIN(acrn_vdev_id, vendor),
	PLAIN(acrn_vdev_id, device),
	PLAIN(acrn_vdev_id, legacy_id));
SHAPE(acrn_vdev,
	WITHIN(acrn_vdev, id, acrn_vdev_id),
	PLAIN(acrn_vdev, slot),
	PLAINS(acrn_vdev, io_addr),
	PLAINS(acrn_vdev, io_size),
	WORDS(acrn_vdev, args));
static NAMES(interrupt_types, NAME(ACRN_PTDEV_INTX), NAME(ACRN_PTDEV_MSI), NAME(ACRN_PTDEV_MSIX));
SHAPE(intx_info,
	PLAIN(intx_info, virt_pin),
	PLAIN(intx_info, phys_pin),
	PLAIN(intx_info, pic_pin),
	PLAINS(intx_info, reserved));
SHAPE(hc_ptdev_irq,
	NAMED(hc_ptdev_irq, type, interrupt_types),
	PLAIN(hc_ptdev_irq, virt_bdf),
	PLAIN(hc_ptdev_irq, phys_bdf),
	WITHIN(hc_ptdev_irq, intx, intx_info),
	PLAIN(hc_ptdev_irq, padding));

/* Of the sizes that there were, 20, 88 and 96, the latter two with a key at the end. */
static unsigned reaches(const void *structure, unsigned end)
{
	return *(const uint32_t *)structure >= end ? PRESENT : ABSENT;
}
static unsigned to_8(const void *structure) { return reaches(structure, 8); }
static unsigned to_12(const void *structure) { return reaches(structure, 12); }
static unsigned to_16(const void *structure) { return reaches(structure, 16); }
static unsigned to_20(const void *structure) { return reaches(structure, 20); }
static unsigned to_24(const void *structure) { return reaches(structure, 24); }
static unsigned high_half(const struct trusty_boot_param *boot, unsigned end)
{
	uint32_t beyond = (boot->base_addr_high | boot->entry_point_high) >> 20;

	if (boot->size_of_this_struct == 88)
		return ABSENT;
	if (boot->size_of_this_struct == 96 && !beyond)
		return PRESENT;
	return reaches(boot, end) ? UNTOLD : ABSENT;
}
static unsigned to_28(const void *structure) { return high_half(structure, 28); }
static unsigned to_32(const void *structure) { return high_half(structure, 32); }
static unsigned the_key(const void *structure)
{
	return *(const uint32_t *)structure == 88 ? PRESENT : reaches(structure, 96);
}
SHAPE(trusty_boot_param,
	PLAIN(trusty_boot_param, size_of_this_struct),
	IF_THERE(trusty_boot_param, version, to_8),
	IF_THERE(trusty_boot_param, base_addr, to_12),
	IF_THERE(trusty_boot_param, entry_point, to_16),
	IF_THERE(trusty_boot_param, mem_size, to_20),
	IF_THERE(trusty_boot_param, padding, to_24),
	IF_THERE(trusty_boot_param, base_addr_high, to_28),
	IF_THERE(trusty_boot_param, entry_point_high, to_32),
	{LIST(trusty_boot_param, rpmb_key, KEY), .there = the_key});

static NAMES(pm_types, NAME(ACRN_PM_PX_COUNT), NAME(ACRN_PM_PX_DATA), NAME(ACRN_PM_CX_COUNT),
	NAME(ACRN_PM_CX_DATA));
SHAPE(acrn_pm_command,
	NAMED_BITS(type, 0, 1, pm_types),
	BITS(state, 1, 1),
	BITS(vcpu, 2, 1),
	BITS(vmid, 3, 1),
	BITS(reserved, 4, 4));
SHAPE(acrn_pstate_data,
	PLAIN(acrn_pstate_data, core_frequency),
	PLAIN(acrn_pstate_data, power),
	PLAIN(acrn_pstate_data, transition_latency),
	PLAIN(acrn_pstate_data, bus_master_latency),
	PLAIN(acrn_pstate_data, control),
	PLAIN(acrn_pstate_data, status));
static NAMES(address_spaces, NAME(ACRN_ACPI_SYSTEM_MEMORY), NAME(ACRN_ACPI_SYSTEM_IO),
	NAME(ACRN_ACPI_PCI_CONFIG), NAME(ACRN_ACPI_EMBEDDED_CONTROLLER), NAME(ACRN_ACPI_SMBUS),
	NAME(ACRN_ACPI_PLATFORM_COMM), NAME(ACRN_ACPI_FIXED_HARDWARE));
SHAPE(acrn_acpi_generic_address,
	NAMED_BITS(space_id, 0, 1, address_spaces),
	PLAIN(acrn_acpi_generic_address, bit_width),
	PLAIN(acrn_acpi_generic_address, bit_offset),
	PLAIN(acrn_acpi_generic_address, access_size),
	PLAIN(acrn_acpi_generic_address, address));
SHAPE(acrn_cstate_data,
	WITHIN(acrn_cstate_data, cx_reg, acrn_acpi_generic_address),
	PLAIN(acrn_cstate_data, type),
	PLAIN(acrn_cstate_data, latency),
	PLAIN(acrn_cstate_data, power));
static const struct field bare_byte = {.name = "", .kind = NUMBER, .size = 1};
const struct shape shape_byte = {.size = 1, .fields = 1, .field = &bare_byte};
