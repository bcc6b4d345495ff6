/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs one guest under Linux's KVM, as /init of a system that has nothing else.
 *
 * Loads KVM's modules and the guest's ELF file, both of the initramfs, starts each vCPU in a thread
 * of its own in long mode, and prints what the guest writes to PORT_PRINT. The guest's addresses
 * are of three kinds that differ: MAPPED_AT is virtual, RAM_AT guest-physical, and where this
 * process' memory lies in the outer machine is Linux's affair.
 */
#include <elf.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <linux/kvm_para.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

#define PRESENT	 7ull /* and writable, and the user's: a guest of CPL 3 has the same pages */
#define LARGE	 0x80ull
#define PAGE	 4096u
#define DIR_SPAN (2u << 20)

#define HYPERV_BAD_CONNECTION 18 /* a status: no such port to signal */

static const char *const MODULES[] = {"/irqbypass.ko", "/kvm.ko", "/kvm-amd.ko"};
static int kvm, vm;
static uint8_t *ram;
static uint64_t entry;
static char command_line[PAGE];
static int is_hyperv;

static void die(const char *what)
{
	perror(what);
	sync();
	reboot(RB_AUTOBOOT);
}

static int checked(int result, const char *what)
{
	if (result < 0)
		die(what);
	return result;
}

static void load_module(const char *path)
{
	int file = checked(open(path, O_RDONLY), path);

	checked((int)syscall(SYS_finit_module, file, "", 0), path);
	close(file);
}

/* Where in this process guest-physical memory is. */
static uint8_t *at(uint64_t physical, uint64_t size)
{
	if (physical < RAM_AT || size > RAM_SIZE || physical - RAM_AT > RAM_SIZE - size)
		die("the guest's memory");
	return ram + (physical - RAM_AT);
}

static void load_image(const char *path)
{
	static uint8_t file[4u << 20];
	const Elf64_Ehdr *elf = (const void *)file;
	const Elf64_Phdr *part;
	int image = checked(open(path, O_RDONLY), path);

	checked((int)read(image, file, sizeof(file)), path);
	part = (const void *)(file + elf->e_phoff);
	for (int i = 0; i < elf->e_phnum; i++)
		if (part[i].p_type == PT_LOAD)
			memcpy(at(part[i].p_paddr, part[i].p_memsz), file + part[i].p_offset,
			       part[i].p_filesz);
	entry = elf->e_entry;
	close(image);
}

/* Three tables at the beginning of its memory map all of it at MAPPED_AT. */
static void map_memory(void)
{
	uint64_t *tables = (uint64_t *)ram;

	tables[MAPPED_AT >> 39 & 511] = (RAM_AT + PAGE) | PRESENT;
	tables[512 + (MAPPED_AT >> 30 & 511)] = (RAM_AT + 2 * PAGE) | PRESENT;
	for (uint64_t i = 0; i < RAM_SIZE / DIR_SPAN; i++)
		tables[1024 + (MAPPED_AT >> 21 & 511) + i] =
			(RAM_AT + i * DIR_SPAN) | PRESENT | LARGE;
	memcpy(ram + COMMAND_LINE, command_line, sizeof(command_line));
}

static void make_vm(void)
{
	struct kvm_userspace_memory_region slot = {.guest_phys_addr = RAM_AT,
						   .memory_size = RAM_SIZE};
	struct kvm_enable_cap exits = {.cap = KVM_CAP_EXIT_HYPERCALL,
				       .args = {1 << KVM_HC_MAP_GPA_RANGE}};

	kvm = checked(open("/dev/kvm", O_RDWR), "/dev/kvm");
	vm = checked(ioctl(kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
	checked(ioctl(vm, KVM_CREATE_IRQCHIP, 0), "KVM_CREATE_IRQCHIP");
	checked(ioctl(vm, KVM_ENABLE_CAP, &exits), "KVM_CAP_EXIT_HYPERCALL");
	ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ram == MAP_FAILED)
		die("mmap");
	slot.userspace_addr = (uint64_t)(uintptr_t)ram;
	checked(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slot), "KVM_SET_USER_MEMORY_REGION");
}

#define LEAVES	 200u
#define IS_ABOVE 0x40000000u /* leaves of hypervisors */
#define IS_BELOW 0x50000000u

static void add_hyperv(int vcpu, struct kvm_cpuid2 *head, struct kvm_cpuid_entry2 *entries)
{
	static struct {
		struct kvm_cpuid2 head;
		struct kvm_cpuid_entry2 entries[LEAVES];
	} of_hyperv;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < head->nent; i++)
		if (entries[i].function < IS_ABOVE || entries[i].function >= IS_BELOW)
			entries[kept++] = entries[i];
	of_hyperv.head.nent = LEAVES;
	checked(ioctl(vcpu, KVM_GET_SUPPORTED_HV_CPUID, &of_hyperv), "KVM_GET_SUPPORTED_HV_CPUID");
	for (uint32_t i = 0; i < of_hyperv.head.nent && kept < LEAVES; i++)
		entries[kept++] = of_hyperv.entries[i];
	head->nent = kept;
}

/* All that KVM can do, with its own leaves, or with Hyper-V's in their place. */
static void set_cpuid(int vcpu)
{
	static struct {
		struct kvm_cpuid2 head;
		struct kvm_cpuid_entry2 entries[LEAVES];
	} leaves;

	leaves.head.nent = LEAVES;
	checked(ioctl(kvm, KVM_GET_SUPPORTED_CPUID, &leaves), "KVM_GET_SUPPORTED_CPUID");
	if (is_hyperv)
		add_hyperv(vcpu, &leaves.head, leaves.entries);
	checked(ioctl(vcpu, KVM_SET_CPUID2, &leaves), "KVM_SET_CPUID2");
}

static void enter_long_mode(int vcpu, uint64_t number)
{
	struct kvm_segment data = {
		.limit = ~0u, .selector = 0x10, .type = 3, .present = 1, .s = 1, .g = 1, .db = 1};
	struct kvm_segment code = data;
	struct kvm_regs registers = {.rip = entry,
				     .rsp = MAPPED_AT + RAM_SIZE - number * STACK_SIZE - 8,
				     .rdi = number,
				     .rsi = MAPPED_AT + COMMAND_LINE,
				     .rflags = 2};
	struct kvm_sregs system;

	code.selector = 8, code.type = 11, code.db = 0, code.l = 1;
	checked(ioctl(vcpu, KVM_GET_SREGS, &system), "KVM_GET_SREGS");
	system.cs = code;
	system.ds = system.es = system.fs = system.gs = system.ss = data;
	system.cr0 = 0x80010033; /* PG WP NE ET MP PE */
	system.cr3 = RAM_AT;
	system.cr4 = 0x220;  /* OSFXSR PAE */
	system.efer = 0x500; /* LMA LME */
	checked(ioctl(vcpu, KVM_SET_SREGS, &system), "KVM_SET_SREGS");
	checked(ioctl(vcpu, KVM_SET_REGS, &registers), "KVM_SET_REGS");
}

/* A write to a port: a line to print, or how the guest ends. */
static void on_port(const struct kvm_run *run)
{
	uint32_t value = *(const uint32_t *)((const uint8_t *)run + run->io.data_offset);

	if (run->io.port == PORT_PRINT) {
		printf("%.*s", (int)PAGE, (const char *)at(value, PAGE));
		fflush(stdout);
	} else if (run->io.port == PORT_END) {
		sync();
		reboot(RB_AUTOBOOT);
	}
}

static void *run_vcpu(void *argument)
{
	uint64_t number = (uint64_t)(uintptr_t)argument;
	struct kvm_mp_state runnable = {KVM_MP_STATE_RUNNABLE};
	int vcpu = checked(ioctl(vm, KVM_CREATE_VCPU, number), "KVM_CREATE_VCPU");
	int size = checked(ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), "KVM_GET_VCPU_MMAP_SIZE");
	struct kvm_run *run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);

	set_cpuid(vcpu);
	enter_long_mode(vcpu, number);
	checked(ioctl(vcpu, KVM_SET_MP_STATE, &runnable), "KVM_SET_MP_STATE");
	for (;;) {
		checked(ioctl(vcpu, KVM_RUN, 0), "KVM_RUN");
		if (run->exit_reason == KVM_EXIT_IO) {
			on_port(run);
		} else if (run->exit_reason == KVM_EXIT_HYPERCALL) {
			run->hypercall.ret = 0;
		} else if (run->exit_reason == KVM_EXIT_HYPERV) {
			run->hyperv.u.hcall.result = HYPERV_BAD_CONNECTION;
		} else {
			printf("vCPU %lu: KVM_EXIT %u\n", number, run->exit_reason);
			die("the guest");
		}
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[VCPUS];

	mount("none", "/dev", "devtmpfs", 0, "");
	for (unsigned i = 0; i < sizeof(MODULES) / sizeof(*MODULES); i++)
		load_module(MODULES[i]);
	for (int i = 1; i < argc; i++) {
		strncat(command_line, argv[i], sizeof(command_line) - strlen(command_line) - 2);
		strcat(command_line, " ");
	}
	is_hyperv = strstr(command_line, "hyperv") != NULL;
	make_vm();
	load_image(is_hyperv ? "/hyperv.elf" : "/guest.elf");
	map_memory();
	for (uint64_t i = 0; i < VCPUS; i++)
		pthread_create(&threads[i], NULL, run_vcpu, (void *)(uintptr_t)i);
	for (int i = 0; i < VCPUS; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
