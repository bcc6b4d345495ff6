/* SPDX-License-Identifier: BSD-3-Clause */
#include "acrn_model.h"
#include "console.h"
#include "memory.h"
#include "spinlock.h"
#include "vcpu.h"
#include "x86.h"

#define HYPERCALL0(number, name, ...) NR_##name = number,
#define HYPERCALL1		      HYPERCALL0
#define HYPERCALL2		      HYPERCALL0
enum {
#include "acrn.def"
#include "hypervisor.def"
};

#define VMCALL_SIZE   3
#define EVERY_CALL    0xffffffffu
#define BREAK_PATTERN 0x5a5a5a5a00000000ull
#define BREAK_CARRY   (1ull << GPRS)

static struct acrn_machine machine;
static struct acrn_model model;
static struct spinlock model_lock;
static uint16_t caller;	      /* call_as: the VM that calls come from */
static bool caller_has_flags; /* without, no VM here has another world to switch to */
static uint32_t hang_number;  /* hang_in */

void hypercalls_init(void)
{
	static const struct acrn_memory memory = {.read = guest_read_physical,
						  .write = guest_write_physical};

	machine = acrn_machine_default;
	caller = machine.service_vm;
	machine.hole[machine.holes++] =
		(struct acrn_address_range){hypervisor_memory_start(), hypervisor_memory_end()};
	acrn_model_init(&model, &machine, &memory);
}

static void answer_with_pattern(uint8_t pattern)
{
	spin_lock(&model_lock);
	acrn_model_set_answer_pattern(&model, pattern);
	spin_unlock(&model_lock);
}

static bool is_private(uint64_t number)
{
	return number == NR_break_registers || number == NR_answer_pattern ||
	       number == NR_hang_in || number == NR_call_as;
}

static void call_as(uint16_t vm, uint64_t flags)
{
	spin_lock(&model_lock);
	acrn_model_set_vm_flags(&model, vm, flags);
	caller = vm;
	caller_has_flags = flags;
	spin_unlock(&model_lock);
}

static enum acrn_outcome private_call(struct vcpu *vcpu, uint64_t number, uint64_t *rax)
{
	if (vcpu->vmcb.cpl)
		return ACRN_RAISES_GP;
	switch (number) {
	case NR_answer_pattern:
		answer_with_pattern(vcpu->gprs[RDI]);
		break;
	case NR_hang_in:
		hang_number = vcpu->gprs[RDI];
		break;
	case NR_call_as:
		call_as(vcpu->gprs[RDI], vcpu->gprs[RSI]);
		break;
	default:
		vcpu->break_mask = vcpu->gprs[RDI];
		vcpu->break_number = vcpu->gprs[RSI];
	}
	*rax = 0;
	return ACRN_RETURNED;
}

/* A handler that waits for what never comes, with the lock held. */
static __attribute__((noinline)) _Noreturn void never_return(void)
{
	for (;;)
		pause();
}

/* As ACRN does with the vCPU of a world that nobody switches to: its CPU has nothing to run. */
static __attribute__((noinline)) _Noreturn void sleep_until_switched_to(void)
{
	for (;;)
		wait_for_interrupt();
}

static bool leaves_this_world(uint64_t number)
{
	return number == NR_world_switch || number == NR_tee_vcpu_boot_done ||
	       number == NR_switch_ee;
}

static enum acrn_outcome ask_model(const struct vcpu *vcpu, uint64_t *rax)
{
	struct acrn_vmcall call = {.vm = caller,
				   .vcpu = vcpu->number,
				   .cpl = vcpu->vmcb.cpl,
				   .number = vcpu->gprs[R8],
				   .argument = {vcpu->gprs[RDI], vcpu->gprs[RSI]}};
	enum acrn_outcome outcome;

	spin_lock(&model_lock);
	if (hang_number && call.number == hang_number)
		never_return();
	outcome = acrn_model_vmcall(&model, &call, rax);
	spin_unlock(&model_lock);
	if (outcome == ACRN_RETURNED && !*rax && caller_has_flags && leaves_this_world(call.number))
		sleep_until_switched_to();
	return outcome;
}

static void break_what_was_asked(struct vcpu *vcpu, uint64_t number)
{
	if (vcpu->break_number != EVERY_CALL && vcpu->break_number != number)
		return;
	for (unsigned n = 0; n < GPRS; n++)
		if (vcpu->break_mask >> n & 1)
			vcpu->gprs[n] ^= BREAK_PATTERN + n;
	if (vcpu->break_mask & BREAK_CARRY)
		vcpu->vmcb.rflags ^= RFLAGS_CF;
}

void handle_hypercall(struct vcpu *vcpu)
{
	uint64_t number = vcpu->gprs[R8];
	uint64_t *rax = &vcpu->gprs[RAX];

	switch (is_private(number) ? private_call(vcpu, number, rax) : ask_model(vcpu, rax)) {
	case ACRN_RETURNED:
		vcpu_skip(vcpu, VMCALL_SIZE);
		if (!is_private(number))
			break_what_was_asked(vcpu, number);
		return;
	case ACRN_RAISES_UD:
		return vcpu_inject_ud(vcpu);
	case ACRN_RAISES_GP:
		return vcpu_inject_gp(vcpu);
	}
}
