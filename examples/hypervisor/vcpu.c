/* SPDX-License-Identifier: BSD-3-Clause */
#include "console.h"
#include "machine.h"
#include "memory.h"
#include "percpu.h"
#include "second_cpu.h"
#include "start_port.h"
#include "vcpu.h"
#include "x86.h"

#define MSR_VM_HSAVE_PA 0xc0010117
#define SEGMENT_CODE32	0xc9b /* present, accessed, 4 GiB, as a VMCB packs it */
#define SEGMENT_DATA32	0xc93
#define SEGMENT_TSS32	0x8b
#define DR6_RESET	0xffff0ff0
#define DR7_RESET	0x400
#define PAT_RESET	0x0007040600070406

static struct vcpu vcpus[MAX_CPUS] __attribute__((aligned(4096)));
static uint32_t second_entry;

static void choose_intercepts(struct vmcb *vmcb)
{
	vmcb->intercept_exceptions = INTERCEPT_EXCEPTION(VECTOR_UD);
	vmcb->intercept1 = INTERCEPT_CPUID | INTERCEPT_IO | INTERCEPT_SHUTDOWN;
	vmcb->intercept2 = INTERCEPT_ALL_OF_SVM;
	vmcb->io_permissions = start_port_permissions();
	vmcb->asid = 1;
	vmcb->flush_tlb = FLUSH_TLB;
	vmcb->nested_paging = NESTED_PAGING;
	vmcb->nested_cr3 = nested_page_tables();
}

/* 32-bit protected mode, paging and interrupts off: see the PVH boot ABI. */
static void enter_as_pvh(struct vmcb *vmcb, uint32_t entry)
{
	struct vmcb_segment data = {SELECTOR_DATA, SEGMENT_DATA32, 0xffffffff, 0};

	vmcb->cs = (struct vmcb_segment){SELECTOR_CODE32, SEGMENT_CODE32, 0xffffffff, 0};
	vmcb->ds = vmcb->es = vmcb->ss = data;
	vmcb->tr = (struct vmcb_segment){0, SEGMENT_TSS32, 0x67, 0};
	vmcb->cr0 = CR0_PE | CR0_ET;
	vmcb->efer = EFER_SVME;
	vmcb->dr6 = DR6_RESET;
	vmcb->dr7 = DR7_RESET;
	vmcb->pat = PAT_RESET;
	vmcb->rflags = RFLAGS_FIXED;
	vmcb->rip = entry;
}

static void enable_svm(struct vcpu *vcpu)
{
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME);
	wrmsr(MSR_VM_HSAVE_PA, image_physical(vcpu->host_save_area));
	__asm__ volatile(
		"clgi"); /* until the guest runs: the hypervisor takes no interrupt at all */
}

void vcpu_start(unsigned number, uint32_t entry, uint32_t start_info)
{
	struct vcpu *vcpu = &vcpus[number];

	vcpu->number = number;
	vcpu->vmcb_physical = image_physical(&vcpu->vmcb);
	vcpu->host_physical = image_physical(&vcpu->host);
	choose_intercepts(&vcpu->vmcb);
	enter_as_pvh(&vcpu->vmcb, entry);
	vcpu->gprs[RBX] = start_info;
	enable_svm(vcpu);
	for (;;) {
		vcpu->vmcb.rax = vcpu->gprs[RAX];
		vcpu->vmcb.rsp = vcpu->gprs[RSP];
		vcpu_run(vcpu);
		vcpu->gprs[RAX] = vcpu->vmcb.rax;
		vcpu->gprs[RSP] = vcpu->vmcb.rsp;
		vcpu->vmcb.event = 0;
		handle_exit(vcpu);
	}
}

static void start_on_second_cpu(void)
{
	vcpu_start(1, second_entry, 0);
}

void vcpu_start_second(uint32_t entry)
{
	second_entry = entry;
	second_cpu_run(start_on_second_cpu);
}

void vcpu_inject_ud(struct vcpu *vcpu)
{
	vcpu->vmcb.event = EVENT_VALID | EVENT_EXCEPTION | VECTOR_UD;
}

void vcpu_inject_gp(struct vcpu *vcpu)
{
	vcpu->vmcb.event = EVENT_VALID | EVENT_HAS_ERROR | EVENT_EXCEPTION | VECTOR_GP;
	vcpu->vmcb.event_error = 0;
}
