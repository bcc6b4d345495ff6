// SPDX-License-Identifier: BSD-3-Clause
/* The ioctls about devices and physical CPUs. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "hsm.h"

#define REMOVE_CPU "/sys/devices/virtual/misc/acrn_hsm/remove_cpu"

static long pcidev(struct hsm_vm *vm, const char *name, unsigned long request, uint16_t virt_bdf,
		   uint16_t phys_bdf)
{
	struct acrn_pcidev device = {.type = ACRN_PTDEV_QUIRK_ASSIGN,
				     .virt_bdf = virt_bdf,
				     .phys_bdf = phys_bdf,
				     .intr_line = 11,
				     .intr_pin = 1,
				     .bar = {0xfe000000}};
	long result = hsm_control(vm, request, &device);

	hsm_log(name, result, "vmid=%u virt_bdf=%u phys_bdf=%u", vm->vmid, virt_bdf, phys_bdf);
	return result;
}

long hsm_assign_pcidev(struct hsm_vm *vm, uint16_t virt_bdf, uint16_t phys_bdf)
{
	return pcidev(vm, "ASSIGN_PCIDEV", ACRN_IOCTL_ASSIGN_PCIDEV, virt_bdf, phys_bdf);
}

long hsm_deassign_pcidev(struct hsm_vm *vm, uint16_t virt_bdf, uint16_t phys_bdf)
{
	return pcidev(vm, "DEASSIGN_PCIDEV", ACRN_IOCTL_DEASSIGN_PCIDEV, virt_bdf, phys_bdf);
}

static long ptdev_intr(struct hsm_vm *vm, const char *name, unsigned long request, uint16_t bdf,
		       uint32_t virt_pin, uint32_t phys_pin)
{
	struct acrn_ptdev_irq irq = {.type = ACRN_PTDEV_IRQ_INTX,
				     .virt_bdf = bdf,
				     .phys_bdf = bdf,
				     .intx = {.virt_pin = virt_pin, .phys_pin = phys_pin}};
	long result = hsm_control(vm, request, &irq);

	hsm_log(name, result, "vmid=%u virt_bdf=%u virt_pin=%u phys_pin=%u", vm->vmid, bdf,
		virt_pin, phys_pin);
	return result;
}

long hsm_set_ptdev_intr(struct hsm_vm *vm, uint16_t bdf, uint32_t virt_pin, uint32_t phys_pin)
{
	return ptdev_intr(vm, "SET_PTDEV_INTR", ACRN_IOCTL_SET_PTDEV_INTR, bdf, virt_pin, phys_pin);
}

long hsm_reset_ptdev_intr(struct hsm_vm *vm, uint16_t bdf, uint32_t virt_pin, uint32_t phys_pin)
{
	return ptdev_intr(vm, "RESET_PTDEV_INTR", ACRN_IOCTL_RESET_PTDEV_INTR, bdf, virt_pin,
			  phys_pin);
}

static long mmiodev(struct hsm_vm *vm, const char *name, unsigned long request, const char *device,
		    uint64_t gpa, uint64_t size)
{
	struct acrn_mmiodev mmio = {
		.res = {{.user_vm_pa = gpa, .service_vm_pa = gpa, .size = size}}};
	long result;

	memcpy(mmio.name, device, strnlen(device, sizeof(mmio.name)));
	result = hsm_control(vm, request, &mmio);
	hsm_log(name, result, "vmid=%u user_vm_pa=%#lx size=%#lx", vm->vmid, gpa, size);
	return result;
}

long hsm_assign_mmiodev(struct hsm_vm *vm, const char *name, uint64_t gpa, uint64_t size)
{
	return mmiodev(vm, "ASSIGN_MMIODEV", ACRN_IOCTL_ASSIGN_MMIODEV, name, gpa, size);
}

long hsm_deassign_mmiodev(struct hsm_vm *vm, const char *name, uint64_t gpa, uint64_t size)
{
	return mmiodev(vm, "DEASSIGN_MMIODEV", ACRN_IOCTL_DEASSIGN_MMIODEV, name, gpa, size);
}

static long vdev(struct hsm_vm *vm, const char *name, unsigned long request, uint16_t vendor,
		 uint16_t device, uint64_t slot)
{
	struct acrn_vdev virtual = {.id.fields = {.vendor = vendor, .device = device},
				    .slot = slot};
	long result = hsm_control(vm, request, &virtual);

	hsm_log(name, result, "vmid=%u vendor=%u device=%u slot=%#lx", vm->vmid, vendor, device,
		slot);
	return result;
}

long hsm_create_vdev(struct hsm_vm *vm, uint16_t vendor, uint16_t device, uint64_t slot)
{
	return vdev(vm, "CREATE_VDEV", ACRN_IOCTL_CREATE_VDEV, vendor, device, slot);
}

long hsm_destroy_vdev(struct hsm_vm *vm, uint16_t vendor, uint16_t device, uint64_t slot)
{
	return vdev(vm, "DESTROY_VDEV", ACRN_IOCTL_DESTROY_VDEV, vendor, device, slot);
}

long hsm_get_cpu_state(struct hsm_vm *vm, uint8_t type, uint8_t state)
{
	uint64_t buffer[8] = {(uint64_t)vm->vmid << 24 | (uint64_t)state << 8 | type};
	long result = hsm_control(vm, ACRN_IOCTL_PM_GET_CPU_STATE, buffer);

	hsm_log("PM_GET_CPU_STATE", result, "vmid=%u type=%u state=%u first=%#lx", vm->vmid, type,
		state, buffer[0]);
	return result;
}

long hsm_remove_cpu(unsigned cpu)
{
	int file = open(REMOVE_CPU, O_WRONLY | O_CLOEXEC);
	long result = dprintf(file, "%u", cpu);

	result = result < 0 ? -errno : 0;
	close(file);
	hsm_log("remove_cpu", result, "cpu=%u", cpu);
	return result;
}
