/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Physical interrupt lines given to a VM together with a device: set_ptdev_intr_info,
 * reset_ptdev_intr_info.
 *
 * Source: common/hypercall.c, arch/x86/guest/assign.c, common/ptdev.c of ACRN.
 */
#include "model_internal.h"

static bool virtual_pin_valid(struct model_call *call, const struct intx_info *intx)
{
	return intx->virt_pin <
	       (intx->pic_pin ? MODEL_PIC_PINS : model_gsi_count(call->model, call->target));
}

/* Reads the argument; whether it is about a line of a device that the VM has. */
static bool read_line(struct model_call *call, struct hc_ptdev_irq *irq)
{
	struct model_pci *device;

	if (model_read(call->model, call->caller, irq, call->arg2, sizeof(*irq)))
		return false;
	if (irq->type != ACRN_PTDEV_INTX)
		return false;
	device = model_pci_find(call->model, call->target, irq->virt_bdf);
	return device && model_pci_bdf(call->model, device) == irq->phys_bdf &&
	       virtual_pin_valid(call, &irq->intx);
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

	if (!read_line(call, &irq) || irq.intx.phys_pin >= call->model->machine->physical_pins)
		return ACRN_FAILED;
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

	if (!read_line(call, &irq))
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
