/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls with each kind of argument, where a compiler may take their line from somewhere else. */
#include "acrn_calls.h"

static struct hc_api_version version;
static struct acrn_vm_creation vm = {.name = "one"};
void say(const char *text);

__attribute__((noinline)) long number_alone(uint16_t vmid)
{
	return acrn_call(start_vm, vmid);
}

__attribute__((noinline)) long number_first(uint16_t vmid)
{
	long result = acrn_call(pause_vm, vmid);

	if (result)
		say("no pause");
	return result;
}

__attribute__((noinline)) long pointer(uint16_t vmid, struct acrn_vcpu_regs *regs)
{
	long result = acrn_call(set_vcpu_regs, vmid, regs);

	say("registers");
	return result;
}

__attribute__((noinline)) long fields(uint16_t vmid, struct acrn_irqline line)
{
	say("line");
	return acrn_call(set_irqline, vmid, line);
}

__attribute__((noinline)) long bits(uint16_t vmid, uint64_t line)
{
	return acrn_call(set_irqline, vmid, line);
}

static long inlined(uint16_t vmid)
{
	return acrn_call(destroy_vm, vmid);
}

void of_static_structures(void)
{
	long result = acrn_call(get_api_version, &version);

	result |= acrn_call(create_vm, &vm);
	if (result)
		say("nothing");
	acrn_call(set_callback_vector, 0xf3);
	inlined(vm.vmid);
}
