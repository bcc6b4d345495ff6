/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A Service VM that answers the I/O requests of its User VM: an upcall says that there is one, in
 * the page that both share. It ends after a request for port 0x64.
 */
#include "lib/answer.h"
#include "apic.h"
#include "guest.h"
#include "x86.h"

#define UPCALL_VECTOR 0x31
#define LAST_PORT     0x64

static struct acrn_io_request_buffer page __attribute__((aligned(4096)));
static uint16_t vm;
static volatile bool done;
static unsigned upcalls, answered;

bool while_in_flight(struct trap_frame *frame)
{
	(void)frame;
	return false;
}

static void answer(struct acrn_io_request *request, uint16_t vcpu)
{
	struct acrn_pio_request *pio = &request->reqs.pio_request;

	request->processed = ACRN_IOREQ_PROCESSING;
	print("upcall: vCPU %u %s port %#lx, %lu bytes, %#x\n", vcpu,
	      pio->direction == ACRN_IOREQ_READ ? "reads" : "writes", pio->address, pio->size,
	      pio->value);
	if (pio->direction == ACRN_IOREQ_READ)
		pio->value = (uint32_t)pio->address + 1;
	request->processed = ACRN_IOREQ_COMPLETE;
	answered++;
	done |= pio->address == LAST_PORT;
	acrn_call(notify_request_finish, vm, vcpu);
}

static int on_upcall(struct trap_frame *frame)
{
	(void)frame;
	upcalls++;
	for (uint16_t vcpu = 0; vcpu < ACRN_IOREQ_SLOTS; vcpu++)
		if (page.req_slot[vcpu].processed == ACRN_IOREQ_PENDING)
			answer(&page.req_slot[vcpu], vcpu);
	apic_end_of_interrupt();
	return 0;
}

/* A place for a breakpoint. */
__attribute__((noinline)) void user_vm_runs(void)
{
	__asm__ volatile("" : : : "memory");
}

int guest_main(void)
{
	struct acrn_vm_creation creation = {.name = "user-vm", .cpu_affinity = 0x3};
	struct acrn_ioreq_buffer buffer = {.gpa = guest_physical(&page)};

	traps_set_handler(UPCALL_VECTOR, on_upcall);
	acrn_call(create_vm, &creation);
	vm = creation.vmid;
	acrn_call(set_ioreq_buffer, vm, &buffer);
	acrn_call(set_callback_vector, UPCALL_VECTOR);
	acrn_call(start_vm, vm);
	interrupts_on();
	user_vm_runs();
	while (!done)
		wait_for_interrupt();
	interrupts_off();
	print("upcall: %u upcalls, %u requests\n", upcalls, answered);
	return 0;
}
