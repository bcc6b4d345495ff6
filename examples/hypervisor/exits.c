/* SPDX-License-Identifier: BSD-3-Clause */
#include "acrn_cpuid.h"
#include "console.h"
#include "machine.h"
#include "memory.h"
#include "second_cpu.h"
#include "start_port.h"
#include "tsc.h"
#include "vcpu.h"

#define CPUID_EXTENDED_FEATURES 0x80000001
#define EXTENDED_ECX_SVM	0x4
#define CPUID_HYPERVISOR_FIRST	0x40000000
#define CPUID_HYPERVISOR_LAST	0x4fffffff

static struct cpuid guest_cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid r = {0};

	switch (leaf) {
	case CPUID_ACRN_SIGNATURE:
		return (struct cpuid){CPUID_ACRN_TSC_KHZ, ACRN_SIGNATURE_EBX, ACRN_SIGNATURE_ECX,
				      ACRN_SIGNATURE_EDX};
	case CPUID_ACRN_FEATURES:
		r.eax = ACRN_FEATURE_PRIVILEGED;
		return r;
	case CPUID_START_PORT:
		r.eax = START_PORT;
		return r;
	case CPUID_ACRN_TSC_KHZ:
		r.eax = tsc_khz();
		return r;
	}
	if (leaf >= CPUID_HYPERVISOR_FIRST && leaf <= CPUID_HYPERVISOR_LAST)
		return r;
	r = cpuid(leaf, subleaf);
	if (leaf == CPUID_EXTENDED_FEATURES)
		r.ecx &= ~EXTENDED_ECX_SVM;
	return r;
}

static void handle_cpuid(struct vcpu *vcpu)
{
	struct cpuid r = guest_cpuid(vcpu->gprs[RAX], vcpu->gprs[RCX]);

	vcpu->gprs[RAX] = r.eax;
	vcpu->gprs[RBX] = r.ebx;
	vcpu->gprs[RCX] = r.ecx;
	vcpu->gprs[RDX] = r.edx;
	vcpu_skip(vcpu, 2);
}

/* VMCALL is Intel's: on this processor it is an invalid opcode, as is anything else that is one. */
static void handle_invalid_opcode(struct vcpu *vcpu)
{
	static const uint8_t vmcall[] = {0x0f, 0x01, 0xc1};
	uint8_t bytes[sizeof(vmcall)];

	if (guest_read_virtual(vcpu, vcpu->vmcb.rip, bytes, sizeof(bytes)) &&
	    !memcmp(bytes, vmcall, sizeof(bytes)))
		handle_hypercall(vcpu);
	else
		vcpu_inject_ud(vcpu);
}

static void handle_port(struct vcpu *vcpu)
{
	if (IO_EXIT_PORT(vcpu->vmcb.exit_info1) == START_PORT)
		vcpu_start_second(vcpu->gprs[RAX]);
	vcpu->vmcb.rip = vcpu->vmcb.exit_info2;
	vcpu->vmcb.interrupt_shadow = 0;
}

static _Noreturn void guest_is_lost(const struct vcpu *vcpu, const char *what)
{
	print("hypervisor: %s on vCPU %u at %#lx (exit %#lx, info %#lx %#lx)\n", what, vcpu->number,
	      vcpu->vmcb.rip, vcpu->vmcb.exit_code, vcpu->vmcb.exit_info1, vcpu->vmcb.exit_info2);
	machine_fail();
}

void handle_exit(struct vcpu *vcpu)
{
	switch (vcpu->vmcb.exit_code) {
	case EXIT_EXCEPTION + VECTOR_UD:
		return handle_invalid_opcode(vcpu);
	case EXIT_VMMCALL:
		return handle_hypercall(vcpu);
	case EXIT_CPUID:
		return handle_cpuid(vcpu);
	case EXIT_IO:
		return handle_port(vcpu);
	case EXIT_VMRUN:
	case EXIT_VMMCALL + 1 ... EXIT_SKINIT:
		return vcpu_inject_ud(vcpu);
	case EXIT_SHUTDOWN:
		guest_is_lost(vcpu, "triple fault");
	case EXIT_NESTED_PAGE_FAULT:
		guest_is_lost(vcpu, "access to memory that the guest does not have");
	default:
		guest_is_lost(vcpu, "unexpected exit");
	}
}
