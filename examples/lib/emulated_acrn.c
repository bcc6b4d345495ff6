/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ACRN without a hypervisor: where there is none, VMCALL is an invalid opcode, and the handler of
 * that exception asks the same model that examples/hypervisor asks. For guests with one CPU.
 */
#include <stddef.h>

#include "acrn_model.h"
#include "guest.h"
#include "machine.h"
#include "traps.h"
#include "x86.h"

#define VMCALL_SIZE 3
#define CS_RPL	    3

extern char image_end[];

static struct acrn_model model;

/* No other memory is promised to a guest by so small a model of its machine. */
static bool in_image(uint64_t address, size_t size)
{
	return address <= (uint64_t)image_end && size <= (uint64_t)image_end - address;
}

static int read_memory(void *unused, uint64_t address, void *to, size_t size)
{
	(void)unused;
	if (!in_image(address, size))
		return -1;
	memcpy(to, (const void *)address, size);
	return 0;
}

static int write_memory(void *unused, uint64_t address, const void *from, size_t size)
{
	(void)unused;
	if (!in_image(address, size))
		return -1;
	memcpy((void *)address, from, size);
	return 0;
}

static int answer_vmcall(struct trap_frame *frame)
{
	static const uint8_t vmcall[VMCALL_SIZE] = {0x0f, 0x01, 0xc1};
	struct acrn_vmcall call = {.cpl = frame->cs & CS_RPL,
				   .number = frame->r8,
				   .argument = {frame->rdi, frame->rsi}};

	if (memcmp((const void *)frame->rip, vmcall, VMCALL_SIZE) ||
	    acrn_model_vmcall(&model, &call, &frame->rax) != ACRN_RETURNED)
		return -1;
	frame->rip += VMCALL_SIZE;
	return 0;
}

bool acrn_emulate(void)
{
	static const struct acrn_memory memory = {.read = read_memory, .write = write_memory};

	acrn_model_init(&model, &acrn_machine_default, &memory);
	traps_set_handler(VECTOR_UD, answer_vmcall);
	return true;
}
