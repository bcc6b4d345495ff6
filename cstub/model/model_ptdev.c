/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Physical interrupt lines given to a VM together with a device: set_ptdev_intr_info,
 * reset_ptdev_intr_info.
 *
 * Source: common/hypercall.c, arch/x86/guest/assign.c, common/ptdev.c of ACRN.
 */
#include "model_internal.h"

static uint32_t virtual_pins(struct model_call *call, const struct intx_info *intx)
{
	return intx->pic_pin ? MODEL_PIC_PINS : model_gsi_count(call->model, call->target);
}

/* Reads the argument; 0 if it is about a line of a device that the VM has. */
static int32_t read_line(struct model_call *call, struct hc_ptdev_irq *irq)
{
	struct model_pci *device;

	if (model_read(call->model, call->caller, irq, call->arg2, sizeof(*irq)))
		return model_fail(call, MODEL_UNREADABLE);
	if (irq->type != ACRN_PTDEV_INTX)
		return model_fail(call, "type is not ACRN_PTDEV_INTX");
	device = model_pci_find(call->model, call->target, irq->virt_bdf);
	if (!device)
		return model_fail(call, "the VM has no device at virt_bdf");
	if (model_pci_bdf(call->model, device) != irq->phys_bdf)
		return model_fail_with(call, "the device at virt_bdf is %, not phys_bdf",
				       model_pci_bdf(call->model, device));
	if (irq->intx.virt_pin >= virtual_pins(call, &irq->intx))
		return model_fail_with(call, "virt_pin is not below %, so many pins the VM has",
				       virtual_pins(call, &irq->intx));
	return 0;
}

static struct model_intx *by_physical(struct acrn_model *model, uint32_t pin)
{
	for (size_t i = 0; i < MODEL_INTX; i++)
		if (model->intx[i].vm && model->intx[i].phys_pin == pin)
			return &model->intx[i];
	return NULL;
}

static struct model_intx *by_virtual(struct model_call *call, const struct intx_info *intx)
{
	for (size_t i = 0; i < MODEL_INTX; i++) {
		struct model_intx *line = &call->model->intx[i];

		if (line->vm == call->target && line->virt_pin == intx->virt_pin &&
		    line->pic == !!intx->pic_pin)
			return line;
	}
	return NULL;
}

static struct model_intx *unused(struct acrn_model *model)
{
	for (size_t i = 0; i < MODEL_INTX; i++)
		if (!model->intx[i].vm)
			return &model->intx[i];
	return NULL;
}

/* A line belongs to one VM, and reaches it at one pin. Asking again for what is so is no error. */
int32_t model_set_ptdev_intr_info(struct model_call *call)
{
	struct model_intx *line;
	struct hc_ptdev_irq irq;

	uint32_t pins = call->model->machine->physical_pins;

	if (read_line(call, &irq))
		return ACRN_FAILED;
	if (irq.intx.phys_pin >= pins)
		return model_fail_with(
			call, "phys_pin is not below %, so many pins the machine has", pins);
	line = by_physical(call->model, irq.intx.phys_pin);
	if (line)
		return line->vm == call->target ? 0 : -ACRN_ENODEV;
	line = by_virtual(call, &irq.intx) ? NULL : unused(call->model);
	if (!line)
		return -ACRN_ENODEV;
	*line = (struct model_intx){call->target, irq.intx.virt_pin, irq.intx.phys_pin,
				    !!irq.intx.pic_pin};
	return 0;
}

int32_t model_reset_ptdev_intr_info(struct model_call *call)
{
	struct model_intx *line;
	struct hc_ptdev_irq irq;

	if (read_line(call, &irq))
		return ACRN_FAILED;
	line = by_virtual(call, &irq.intx);
	if (line)
		line->vm = NULL;
	return 0;
}

void model_interrupts_release(struct acrn_model *model, const struct model_vm *vm)
{
	for (size_t i = 0; i < MODEL_INTX; i++)
		if (model->intx[i].vm == vm)
			model->intx[i].vm = NULL;
}
