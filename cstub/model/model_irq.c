/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interrupts into a VM: set_irqline, inject_msi, set_callback_vector, vm_intr_monitor. They are
 * accepted or refused as ACRN does it and then go nowhere, since no VM runs.
 *
 * vm_intr_monitor works on its structure in place, host-physical from the translated address on.
 *
 * Source: common/hypercall.c, arch/x86/guest/vlapic.c, common/ptdev.c of ACRN.
 */
#include "model_internal.h"

#define MSI_BASE     UINT64_C(0xfee)
#define FIRST_VECTOR 0x20u
#define LAST_VECTOR  0xffu

/* The Service VM sees the machine's own IOAPIC. */
uint32_t model_gsi_count(struct acrn_model *model, const struct model_vm *vm)
{
	return model_is_service_vm(model, vm) ? model->machine->physical_pins
					      : model->machine->virtual_pins;
}

/* What is done to the line (bits 63:32 of arg2) is not checked. */
int32_t model_set_irqline(struct model_call *call)
{
	uint32_t lines = model_gsi_count(call->model, call->target);

	if (!model_severity_allows(call->model, call->target))
		return model_fail(call, MODEL_SEVERITY);
	if ((uint32_t)call->arg2 >= lines)
		return model_fail_with(call, "gsi is not below %, so many lines the VM has", lines);
	return 0;
}

/* Only bits 31:20 of the address count, for the data anything goes. */
int32_t model_inject_msi(struct model_call *call)
{
	struct acrn_msi_entry msi;

	if (!model_severity_allows(call->model, call->target))
		return model_fail(call, MODEL_SEVERITY);
	if (model_read(call->model, call->caller, &msi, call->arg2, sizeof(msi)))
		return model_fail(call, MODEL_UNREADABLE);
	if ((msi.msi_addr >> 20 & 0xfff) != MSI_BASE)
		return model_fail_with(call, "bits 31:20 of msi_addr are not %", MSI_BASE);
	return 0;
}

int32_t model_set_callback_vector(struct model_call *call)
{
	if (call->arg1 < FIRST_VECTOR || call->arg1 > LAST_VECTOR)
		return -ACRN_EINVAL;
	call->model->callback_vector = (uint32_t)call->arg1;
	return 0;
}

/*
 * Writes the VM's physical interrupts to the buffer at hpa as pairs of number and count (0: none
 * ever comes) and returns how many entries they take. Room is checked after a pair, and for no room
 * or one entry not at all, as in ACRN.
 */
static uint32_t write_interrupts(struct model_call *call, uint64_t hpa, uint32_t room)
{
	uint32_t entries = 0;

	for (size_t i = 0; i < MODEL_INTX; i++) {
		const struct model_intx *intx = &call->model->intx[i];
		uint64_t pair[2] = {intx->phys_pin, 0};

		if (intx->vm != call->target)
			continue;
		model_write_host(call->model, hpa + entries * sizeof(uint64_t), pair, sizeof(pair));
		entries += 2;
		if (entries > room - 2)
			break;
	}
	return entries;
}

int32_t model_vm_intr_monitor(struct model_call *call)
{
	uint64_t hpa = model_map_find(call->model, call->caller, call->arg2);
	struct {
		enum acrn_intr_monitor_command cmd;
		uint32_t buf_cnt;
	} head;

	if (hpa == ACRN_INVALID_HPA || !model_read_host(call->model, &head, hpa, sizeof(head)))
		return -ACRN_EINVAL;
	if (head.buf_cnt > ACRN_INTR_BUFFER)
		return -ACRN_EINVAL;
	if (head.cmd == ACRN_INTR_DELAY_INT)
		return 0;
	if (head.cmd != ACRN_INTR_GET_DATA)
		return -ACRN_EINVAL;
	head.buf_cnt = write_interrupts(call, hpa + offsetof(struct acrn_intr_monitor, buffer),
					head.buf_cnt);
	model_write_host(call->model, hpa, &head, sizeof(head));
	return 0;
}
