/* SPDX-License-Identifier: BSD-3-Clause */
/* What a record keeps of argument structures, and that the RPMB key is not in it. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>

#include "trapped_vmcall.h"
#include "acrn_calls.h"

__thread unsigned int test_vcpu;
static struct acrn_vm_creation vm = {.vmid = 1, .name = "a name"};
static struct trusty_boot_param boot = {.size_of_this_struct = 0x11223344};

static void on_vmcall(int number, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)number, (void)info;
	vm.vmid = 7;
	registers[REG_RIP] += 3;
	registers[REG_RAX] = 0;
}

static const struct acrn_record *last_record(void)
{
	uint64_t last = acrn_ring_header.rings[0].claimed - 1;
	const struct acrn_ring_header *header = &acrn_ring_header.header;

	return (const void *)(header->records_virtual +
			      last % header->record_count * header->record_size);
}

static const struct acrn_capture *captured(unsigned int flags)
{
	const struct acrn_record *record = last_record();

	EXPECT((record->flags & (ACRN_RECORD_CAPTURED_IN | ACRN_RECORD_CAPTURED_OUT)) == flags);
	return (const void *)((const char *)record + acrn_ring_header.header.capture_offset);
}

static int has_byte(const uint8_t *bytes, unsigned int count, uint8_t byte)
{
	return memchr(bytes, byte, count) != NULL;
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = on_vmcall, .sa_flags = SA_SIGINFO};
	unsigned int room = acrn_ring_header.header.capture_bytes;
	const struct acrn_capture *capture;
	struct acrn_vm_creation before;

	sigaction(SIGILL, &action, NULL);
	before = vm;
	acrn_call(create_vm, &vm);
	capture = captured(ACRN_RECORD_CAPTURED_IN | ACRN_RECORD_CAPTURED_OUT);
	EXPECT(capture->in_bytes == (sizeof(vm) < room ? sizeof(vm) : room));
	EXPECT(!memcmp(capture->bytes, &before, capture->in_bytes));
	EXPECT(capture->out_bytes == capture->in_bytes);
	EXPECT(!memcmp(capture->bytes + room, &vm, capture->out_bytes) && vm.vmid == 7);

	memset(boot.rpmb_key, 0xa5, sizeof(boot.rpmb_key));
	acrn_call(initialize_trusty, &boot);
	capture = captured(ACRN_RECORD_CAPTURED_IN);
	EXPECT(capture->in_bytes == (sizeof(boot) < room ? sizeof(boot) : room));
	EXPECT(!memcmp(capture->bytes, &boot,
		       __builtin_offsetof(struct trusty_boot_param, rpmb_key)));
	EXPECT(!has_byte(capture->bytes, 2 * room, 0xa5));

	acrn_call(start_vm, 3);
	captured(0);
	acrn_hypercall1(ACRN_NR_create_vm, (unsigned long)&vm);
	captured(0);
	return failures != 0;
}
