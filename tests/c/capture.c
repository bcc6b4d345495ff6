/* SPDX-License-Identifier: BSD-3-Clause */
/* What a record keeps of argument structures, and that neither a key nor a neighbour is in it. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "trapped_vmcall.h"
#include "acrn_calls.h"

__thread unsigned int test_vcpu;
static struct acrn_vm_creation vm = {.vmid = 1, .name = "a name"};

/* A page, and behind it none: whoever reads beyond the end of what is there faults. */
static uint8_t *page;
#define PAGE 4096u

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

/* Zeroed, at the end of the page: what is behind it is not there, what is before it is not its. */
static void *at_the_end(unsigned int bytes)
{
	memset(page, 0xb6, PAGE);
	return memset(page + PAGE - bytes, 0, bytes);
}

static unsigned int kept_of(unsigned int bytes)
{
	unsigned int room = acrn_ring_header.header.capture_bytes;

	return bytes < room ? bytes : room;
}

/*
 * A structure that says it has `says` bytes, of which `there` are, and a key from `clear` on: so
 * many are kept.
 */
static void boot_says(uint32_t says, unsigned int there, unsigned int clear, unsigned int kept)
{
	uint8_t *boot = at_the_end(there);
	const struct acrn_capture *capture;

	memset(boot + sizeof(says), 0x11, there - sizeof(says));
	if (clear == 32)
		memset(boot + 24, 0, 8); /* the high halves of addresses */
	memset(boot + (clear < there ? clear : there), 0xa5, there - clear);
	memcpy(boot, &says, sizeof(says));
	acrn_call(initialize_trusty, (struct trusty_boot_param *)boot);
	capture = captured(ACRN_RECORD_CAPTURED_IN);
	EXPECT(capture->in_bytes == kept_of(kept));
	EXPECT(!memcmp(capture->bytes, boot, kept_of(clear)));
	EXPECT(!has_byte(capture->bytes, 2 * kept_of(PAGE), 0xa5));
	EXPECT(!has_byte(capture->bytes, 2 * kept_of(PAGE), 0xb6));
}

static void monitor_counts(uint32_t count, unsigned int there)
{
	struct acrn_intr_monitor *monitor = at_the_end(there);
	const struct acrn_capture *capture;

	memset(monitor->buffer, 0x22, there - __builtin_offsetof(struct acrn_intr_monitor, buffer));
	monitor->buf_cnt = count;
	acrn_call(vm_intr_monitor, 1, monitor);
	capture = captured(ACRN_RECORD_CAPTURED_IN | ACRN_RECORD_CAPTURED_OUT);
	EXPECT(capture->in_bytes == kept_of(there) && capture->out_bytes == kept_of(there));
	EXPECT(!memcmp(capture->bytes, monitor, kept_of(there)));
	EXPECT(!memcmp(capture->bytes + kept_of(PAGE), monitor, kept_of(there)));
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

	page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	EXPECT(page != MAP_FAILED && !munmap(page + PAGE, PAGE));
	boot_says(96, 96, 32, 96);
	boot_says(88, 88, 24, 88);
	boot_says(20, 20, 20, 20);
	boot_says(0, 4, 4, 4);
	boot_says(4, 4, 4, 4);
	boot_says(21, 21, 21, 21);
	boot_says(40, 40, 24, 24);
	boot_says(95, 95, 24, 24);
	boot_says(97, 96, 24, 24);
	boot_says(0xffffffff, 96, 24, 24);
	boot_says(96, 96, 24, 24);
	monitor_counts(2, 24);
	monitor_counts(0, 16);
	monitor_counts(48, 392);
	monitor_counts(0xffffffff, 392);

	acrn_call(start_vm, 3);
	captured(0);
	acrn_hypercall1(ACRN_NR_create_vm, (unsigned long)&vm);
	captured(0);
	return failures != 0;
}
