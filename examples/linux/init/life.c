// SPDX-License-Identifier: BSD-3-Clause
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "hsm.h"
#include "phases.h"

#define PAGE	    4096
#define RAM_BYTES   (16 * PAGE)
#define MMIO	    0xfe000000
#define BDF	    0x18 /* 00:03.0 */
#define PINS	    3, 19
#define ROOT_PORT   0x8086, 0x9d14, 0x20
#define MSI_ADDRESS 0xfee00000
#define ALL_PULSES  4

static unsigned char ram[RAM_BYTES] __attribute__((aligned(PAGE)));
static unsigned char ioreq_page[PAGE] __attribute__((aligned(PAGE)));
static unsigned char monitor_page[PAGE] __attribute__((aligned(PAGE)));

static void prepare(struct hsm_vm *vm)
{
	hsm_set_ram(vm, 0x0, ram, sizeof(ram));
	hsm_set_mmio(vm, MMIO, MMIO, PAGE);
	hsm_set_vcpu_regs(vm, 0, 0x1000);
	hsm_create_ioreq_client(vm);
}

static void give_devices(struct hsm_vm *vm)
{
	hsm_assign_pcidev(vm, BDF, BDF);
	hsm_set_ptdev_intr(vm, BDF, PINS);
	hsm_assign_mmiodev(vm, "MMIO", 0xfd000000, PAGE);
	hsm_create_vdev(vm, ROOT_PORT);
}

static void take_devices(struct hsm_vm *vm)
{
	hsm_destroy_vdev(vm, ROOT_PORT);
	hsm_deassign_mmiodev(vm, "MMIO", 0xfd000000, PAGE);
	hsm_reset_ptdev_intr(vm, BDF, PINS);
	hsm_deassign_pcidev(vm, BDF, BDF);
	hsm_unset_mmio(vm, MMIO, PAGE);
}

static void ask_power_states(struct hsm_vm *vm)
{
	hsm_get_cpu_state(vm, ACRN_PMCMD_GET_PX_CNT, 0);
	hsm_get_cpu_state(vm, ACRN_PMCMD_GET_PX_DATA, 0);
	hsm_get_cpu_state(vm, ACRN_PMCMD_GET_CX_CNT, 0);
	hsm_get_cpu_state(vm, ACRN_PMCMD_GET_CX_DATA, 1);
}

/* An MSI by ioctl, and one that the driver injects when an eventfd is written. */
static void interrupt(struct hsm_vm *vm)
{
	int event = eventfd(0, EFD_CLOEXEC);

	hsm_inject_msi(vm, MSI_ADDRESS, 0x30);
	hsm_irqfd(vm, event, MSI_ADDRESS, 0x31, false);
	hsm_write_eventfd(vm, event, MSI_ADDRESS, 0x31);
	hsm_irqfd(vm, event, MSI_ADDRESS, 0x31, true);
	close(event);
	for (uint32_t pulse = 0; pulse < ALL_PULSES; pulse++)
		hsm_set_irqline(vm, 5, pulse);
}

/* What ACRN, or the driver before it, refuses. */
static void make_mistakes(struct hsm_vm *vm)
{
	hsm_set_irqline(vm, 4096, 0);
	hsm_inject_msi(vm, 0xdead0000, 0x30);
	hsm_notify_request_finish(vm, 7);
	hsm_reset_vm(vm);
	hsm_assign_pcidev(vm, BDF, 0xff);
}

void live_a_life(void)
{
	struct hsm_vm vm;

	if (!hsm_open(&vm))
		return;
	hsm_start_vm(&vm);
	hsm_create_vm(&vm, "linux-user-vm", ioreq_page);
	prepare(&vm);
	give_devices(&vm);
	ask_power_states(&vm);
	hsm_start_vm(&vm);
	hsm_intr_monitor(&vm, monitor_page);
	interrupt(&vm);
	hsm_notify_request_finish(&vm, 0);
	make_mistakes(&vm);
	hsm_pause_vm(&vm);
	hsm_reset_vm(&vm);
	take_devices(&vm);
	hsm_pause_vm(&vm);
	hsm_destroy_vm(&vm);
	hsm_close(&vm);
}
