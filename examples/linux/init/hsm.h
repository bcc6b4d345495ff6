/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /dev/acrn_hsm, one function an ioctl. Each logs itself as one line
 *
 *	hsm: TASK[PID] NAME ARGUMENT=VALUE... = RESULT
 *
 * with RESULT what the ioctl returned, or -errno. Values are decimal, or hexadecimal with 0x;
 *`vmid` is the VM's own number as the driver was told it (0xffff for none).
 */
#ifndef HSM_H
#define HSM_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/acrn.h>

/* A VM: the descriptor that stands for it, and its number. */
struct hsm_vm {
	int fd;
	uint16_t vmid;
};

/* Lines go to standard output, at once or, in the busy phase, when hsm_log_end() is called. */
void hsm_log_begin(void);
void hsm_log_end(void);
void hsm_log(const char *name, long result, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* False if there is no driver; errno says why. */
bool hsm_open(struct hsm_vm *vm);
void hsm_close(struct hsm_vm *vm);

/* The ioctl itself, without a line in the log: what it returned, or -errno. */
long hsm_control(struct hsm_vm *vm, unsigned long request, void *argument);

long hsm_create_vm(struct hsm_vm *vm, const char *name, void *ioreq_page);
long hsm_start_vm(struct hsm_vm *vm);
long hsm_pause_vm(struct hsm_vm *vm);
long hsm_reset_vm(struct hsm_vm *vm);
long hsm_destroy_vm(struct hsm_vm *vm);
long hsm_set_vcpu_regs(struct hsm_vm *vm, uint16_t vcpu, uint64_t rip);

long hsm_inject_msi(struct hsm_vm *vm, uint64_t address, uint64_t data);
long hsm_set_irqline(struct hsm_vm *vm, uint32_t gsi, uint32_t operation);
long hsm_intr_monitor(struct hsm_vm *vm, void *page);
/* From now on a write to the eventfd injects this MSI; with deassign no longer. */
long hsm_irqfd(struct hsm_vm *vm, int eventfd, uint64_t address, uint64_t data, bool deassign);
/* The write itself, which the driver answers by injecting the irqfd's MSI. */
long hsm_write_eventfd(struct hsm_vm *vm, int eventfd, uint64_t address, uint64_t data);

long hsm_create_ioreq_client(struct hsm_vm *vm);
long hsm_notify_request_finish(struct hsm_vm *vm, uint32_t vcpu);

long hsm_set_ram(struct hsm_vm *vm, uint64_t gpa, void *memory, uint64_t size);
long hsm_set_mmio(struct hsm_vm *vm, uint64_t gpa, uint64_t service_gpa, uint64_t size);
long hsm_unset_mmio(struct hsm_vm *vm, uint64_t gpa, uint64_t size);

/* BDF: bus in bits 15:8, device in 7:3, function in 2:0. */
long hsm_assign_pcidev(struct hsm_vm *vm, uint16_t virt_bdf, uint16_t phys_bdf);
long hsm_deassign_pcidev(struct hsm_vm *vm, uint16_t virt_bdf, uint16_t phys_bdf);
long hsm_set_ptdev_intr(struct hsm_vm *vm, uint16_t bdf, uint32_t virt_pin, uint32_t phys_pin);
long hsm_reset_ptdev_intr(struct hsm_vm *vm, uint16_t bdf, uint32_t virt_pin, uint32_t phys_pin);
long hsm_assign_mmiodev(struct hsm_vm *vm, const char *name, uint64_t gpa, uint64_t size);
long hsm_deassign_mmiodev(struct hsm_vm *vm, const char *name, uint64_t gpa, uint64_t size);
long hsm_create_vdev(struct hsm_vm *vm, uint16_t vendor, uint16_t device, uint64_t slot);
long hsm_destroy_vdev(struct hsm_vm *vm, uint16_t vendor, uint16_t device, uint64_t slot);

/* One of enum acrn_pm_cmd_type; state is the number of the P or C state, from 0. */
long hsm_get_cpu_state(struct hsm_vm *vm, uint8_t type, uint8_t state);
/* The one call that no ioctl reaches: the driver's attribute in sysfs takes a CPU away. */
long hsm_remove_cpu(unsigned cpu);

#endif
