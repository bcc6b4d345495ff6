/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The mistakes of somebody's first calls, under the example hypervisor: arguments of which ACRN
 * reads less than was given or more than was set, addresses that are none, VMs that there are not,
 * a number with wrong upper bits, and none. Each is made right as well. With a ring the guest
 * records itself.
 */
#include "guest.h"

#define NO_MEMORY   0x900000000ul
#define HYPERVISORS 0x2000000ul /* the hypervisor keeps this memory to itself */
#define NO_VM	    3		/* a slot that is free */
#define NO_SLOT	    17
#define VERSION_AT  0x5000ul
#define IS_NULL	    0ul
#define VECTOR_AT   0x5800ul
#define VECTOR	    0x40

static unsigned long made;

/* The load of R8 was forgotten. */
static __attribute__((noinline)) long without_a_number(unsigned long vmid, unsigned long vcpu)
{
	long ret;

	__asm__ volatile("vmcall" : "=a"(ret) : "D"(vmid), "S"(vcpu) : "memory");
	return ret;
}

/* The vector is a byte, and 64 bits are read of its register. What the caller gives is not seen. */
static __attribute__((noipa)) long vector_in_part(unsigned long pointer)
{
	long ret;

	__asm__ volatile("movb (%%rdi), %%dil\n\tmovl %2, %%r8d\n\tvmcall"
			 : "=a"(ret), "+D"(pointer)
			 : "i"(ACRN_NR_set_callback_vector)
			 : "r8", "memory");
	return ret;
}

static __attribute__((noinline)) void create(void)
{
	static struct acrn_vm_creation creation = {.name = "made by test", .cpu_affinity = 2};
	static struct acrn_io_request_buffer requests __attribute__((aligned(4096)));
	static struct acrn_ioreq_buffer buffer;

	acrn_call(create_vm, &creation);
	made = creation.vmid;
	buffer.gpa = guest_physical(&requests);
	acrn_call(set_ioreq_buffer, made, &buffer);
}

static void numbers(void)
{
	acrn_hypercall1(ACRN_NR_start_vm, 0xdead0000 | made);
	acrn_hypercall1(ACRN_NR_start_vm, 0x100000000 | made); /* a caller may leave that there */
	acrn_hypercall1(ACRN_NR_start_vm, made);
	acrn_hypercall2(ACRN_NR_notify_request_finish, made, 0x10000);
	acrn_hypercall2(ACRN_NR_notify_request_finish, made, 0);
	acrn_hypercall1(ACRN_NR_service_vm_offline_cpu, 0x7700000077);
	acrn_hypercall1(ACRN_NR_tee_vcpu_boot_done, 0xffff0000);
}

static void booleans(void)
{
	static struct hc_ptdev_irq irq = {.type = ACRN_PTDEV_INTX};

	irq.intx.pic_pin = 0xfe;
	acrn_call(set_ptdev_intr_info, made, &irq);
	irq.intx.pic_pin = 1;
	acrn_call(set_ptdev_intr_info, made, &irq);
}

static void addresses(void)
{
	acrn_hypercall1(ACRN_NR_get_api_version, IS_NULL);
	acrn_hypercall1(ACRN_NR_get_api_version, VERSION_AT);
	acrn_hypercall1(ACRN_NR_get_api_version, VERSION_AT + 2);
	acrn_hypercall1(ACRN_NR_get_api_version, HYPERVISORS);
	acrn_hypercall1(ACRN_NR_get_api_version, NO_MEMORY);
	acrn_hypercall2(ACRN_NR_vm_gpa2hpa, made, IS_NULL);
}

static void vms(void)
{
	acrn_hypercall1(ACRN_NR_start_vm, NO_SLOT);
	acrn_hypercall1(ACRN_NR_start_vm, NO_VM);
	acrn_hypercall1(ACRN_NR_pause_vm, made);
	acrn_hypercall1(ACRN_NR_destroy_vm, made);
	acrn_hypercall1(ACRN_NR_start_vm, made);
}

int guest_main(void)
{
	create();
	numbers();
	booleans();
	addresses();
	acrn_hypercall1(0xffffffff80000013, made);
	acrn_hypercall2(ACRN_NR_notify_request_finish, made, 0);
	without_a_number(made, 0);
	*(volatile uint8_t *)VECTOR_AT = VECTOR;
	vector_in_part(VECTOR_AT);
	acrn_hypercall1(ACRN_NR_set_callback_vector, VECTOR);
	vms();
	return 0;
}
