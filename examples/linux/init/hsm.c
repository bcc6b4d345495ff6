// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "hsm.h"

#define NO_VM 0xffff

/* What is kept back while two CPUs are busy: a line on the console takes longer than a call. */
static char held[1 << 18];
static size_t held_bytes;
static bool holding;

void hsm_log_begin(void)
{
	holding = true;
}

void hsm_log_end(void)
{
	holding = false;
	fwrite(held, 1, held_bytes, stdout);
	fflush(stdout);
	held_bytes = 0;
}

void hsm_log(const char *name, long result, const char *format, ...)
{
	char task[16], arguments[160], line[256];
	va_list list;
	int length;

	prctl(PR_GET_NAME, task);
	va_start(list, format);
	vsnprintf(arguments, sizeof(arguments), format, list);
	va_end(list);
	length = snprintf(line, sizeof(line), "hsm: %s[%d] %s %s = %ld\n", task, getpid(), name,
			  arguments, result);
	if (!holding) {
		fwrite(line, 1, length, stdout);
		fflush(stdout);
	} else if (held_bytes + length <= sizeof(held)) {
		memcpy(held + held_bytes, line, length);
		held_bytes += length;
	}
}

static long result_of(long returned)
{
	return returned < 0 ? -errno : returned;
}

long hsm_control(struct hsm_vm *vm, unsigned long request, void *argument)
{
	return result_of(ioctl(vm->fd, request, argument));
}

/* For an ioctl whose only argument is the VM itself. */
static long plain(struct hsm_vm *vm, unsigned long request, const char *name)
{
	long result = hsm_control(vm, request, NULL);

	hsm_log(name, result, "vmid=%u", vm->vmid);
	return result;
}

bool hsm_open(struct hsm_vm *vm)
{
	vm->vmid = NO_VM;
	vm->fd = open("/dev/acrn_hsm", O_RDWR | O_CLOEXEC);
	return vm->fd >= 0;
}

void hsm_close(struct hsm_vm *vm)
{
	close(vm->fd);
}

long hsm_create_vm(struct hsm_vm *vm, const char *name, void *ioreq_page)
{
	struct acrn_vm_creation creation = {.ioreq_buf = (uintptr_t)ioreq_page, .cpu_affinity = 1};
	long result;

	/* ACRN has the VM's name where this release of Linux still has a UUID. */
	memcpy(&creation.uuid, name, strnlen(name, sizeof(creation.uuid)));
	result = hsm_control(vm, ACRN_IOCTL_CREATE_VM, &creation);
	vm->vmid = result ? NO_VM : creation.vmid;
	hsm_log("CREATE_VM", result, "vmid=%u vcpu_num=%u", vm->vmid, creation.vcpu_num);
	return result;
}

long hsm_start_vm(struct hsm_vm *vm)
{
	return plain(vm, ACRN_IOCTL_START_VM, "START_VM");
}

long hsm_pause_vm(struct hsm_vm *vm)
{
	return plain(vm, ACRN_IOCTL_PAUSE_VM, "PAUSE_VM");
}

long hsm_reset_vm(struct hsm_vm *vm)
{
	return plain(vm, ACRN_IOCTL_RESET_VM, "RESET_VM");
}

long hsm_destroy_vm(struct hsm_vm *vm)
{
	long result = plain(vm, ACRN_IOCTL_DESTROY_VM, "DESTROY_VM");

	if (result == 0)
		vm->vmid = NO_VM;
	return result;
}

long hsm_set_vcpu_regs(struct hsm_vm *vm, uint16_t vcpu, uint64_t rip)
{
	struct acrn_vcpu_regs state = {
		.vcpu_id = vcpu,
		.vcpu_regs = {
			.rip = rip, .cs_ar = 0x9b, .cs_limit = 0xffff, .cr0 = 0x30, .rflags = 0x2}};
	long result = hsm_control(vm, ACRN_IOCTL_SET_VCPU_REGS, &state);

	hsm_log("SET_VCPU_REGS", result, "vmid=%u vcpu_id=%u rip=%#lx", vm->vmid, vcpu, rip);
	return result;
}

long hsm_inject_msi(struct hsm_vm *vm, uint64_t address, uint64_t data)
{
	struct acrn_msi_entry msi = {.msi_addr = address, .msi_data = data};
	long result = hsm_control(vm, ACRN_IOCTL_INJECT_MSI, &msi);

	hsm_log("INJECT_MSI", result, "vmid=%u msi_addr=%#lx msi_data=%#lx", vm->vmid, address,
		data);
	return result;
}

long hsm_set_irqline(struct hsm_vm *vm, uint32_t gsi, uint32_t operation)
{
	uint64_t line = (uint64_t)operation << 32 | gsi; /* by value: the driver does not copy it */
	long result = hsm_control(vm, ACRN_IOCTL_SET_IRQLINE, (void *)line);

	hsm_log("SET_IRQLINE", result, "vmid=%u gsi=%u op=%u", vm->vmid, gsi, operation);
	return result;
}

long hsm_intr_monitor(struct hsm_vm *vm, void *page)
{
	long result = hsm_control(vm, ACRN_IOCTL_VM_INTR_MONITOR, page);

	hsm_log("VM_INTR_MONITOR", result, "vmid=%u", vm->vmid);
	return result;
}

long hsm_irqfd(struct hsm_vm *vm, int eventfd, uint64_t address, uint64_t data, bool deassign)
{
	struct acrn_irqfd irqfd = {.fd = eventfd,
				   .flags = deassign ? ACRN_IRQFD_FLAG_DEASSIGN : 0,
				   .msi = {.msi_addr = address, .msi_data = data}};
	long result = hsm_control(vm, ACRN_IOCTL_IRQFD, &irqfd);

	hsm_log("IRQFD", result, "vmid=%u flags=%#x", vm->vmid, irqfd.flags);
	return result;
}

long hsm_write_eventfd(struct hsm_vm *vm, int eventfd, uint64_t address, uint64_t data)
{
	uint64_t one = 1;
	long written = result_of(write(eventfd, &one, sizeof(one)));
	long result = written == sizeof(one) ? 0 : written;

	hsm_log("write-eventfd", result, "vmid=%u msi_addr=%#lx msi_data=%#lx", vm->vmid, address,
		data);
	return result;
}

long hsm_create_ioreq_client(struct hsm_vm *vm)
{
	return plain(vm, ACRN_IOCTL_CREATE_IOREQ_CLIENT, "CREATE_IOREQ_CLIENT");
}

long hsm_notify_request_finish(struct hsm_vm *vm, uint32_t vcpu)
{
	struct acrn_ioreq_notify notify = {.vmid = vm->vmid, .vcpu = vcpu};
	long result = hsm_control(vm, ACRN_IOCTL_NOTIFY_REQUEST_FINISH, &notify);

	hsm_log("NOTIFY_REQUEST_FINISH", result, "vmid=%u vcpu=%u", vm->vmid, vcpu);
	return result;
}

static long memory_segment(struct hsm_vm *vm, const char *name, unsigned long request,
			   struct acrn_vm_memmap *map)
{
	long result = hsm_control(vm, request, map);

	hsm_log(name, result, "vmid=%u type=%u user_vm_pa=%#llx len=%#llx", vm->vmid, map->type,
		map->user_vm_pa, map->len);
	return result;
}

long hsm_set_ram(struct hsm_vm *vm, uint64_t gpa, void *memory, uint64_t size)
{
	struct acrn_vm_memmap map = {.type = ACRN_MEMMAP_RAM,
				     .attr = ACRN_MEM_ACCESS_RWX,
				     .user_vm_pa = gpa,
				     .vma_base = (uintptr_t)memory,
				     .len = size};

	return memory_segment(vm, "SET_MEMSEG", ACRN_IOCTL_SET_MEMSEG, &map);
}

long hsm_set_mmio(struct hsm_vm *vm, uint64_t gpa, uint64_t service_gpa, uint64_t size)
{
	struct acrn_vm_memmap map = {.type = ACRN_MEMMAP_MMIO,
				     .attr = ACRN_MEM_ACCESS_READ | ACRN_MEM_ACCESS_WRITE,
				     .user_vm_pa = gpa,
				     .service_vm_pa = service_gpa,
				     .len = size};

	return memory_segment(vm, "SET_MEMSEG", ACRN_IOCTL_SET_MEMSEG, &map);
}

long hsm_unset_mmio(struct hsm_vm *vm, uint64_t gpa, uint64_t size)
{
	struct acrn_vm_memmap map = {.type = ACRN_MEMMAP_MMIO, .user_vm_pa = gpa, .len = size};

	return memory_segment(vm, "UNSET_MEMSEG", ACRN_IOCTL_UNSET_MEMSEG, &map);
}
