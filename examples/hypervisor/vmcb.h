/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The virtual machine control block: what a vCPU is, as the processor keeps it.
 *
 * Source: AMD64 Architecture Programmer's Manual, volume 2, appendices B and C.
 */
#ifndef HYPERVISOR_VMCB_H
#define HYPERVISOR_VMCB_H

#include <stdint.h>

#define INTERCEPT_EXCEPTION(vector) (1u << (vector))

/* intercept1 */
#define INTERCEPT_CPUID	   (1u << 18)
#define INTERCEPT_IO	   (1u << 27)
#define INTERCEPT_SHUTDOWN (1u << 31)

/* intercept2 */
#define INTERCEPT_VMMCALL    (1u << 1)
#define INTERCEPT_ALL_OF_SVM 0x7fu

#define EXIT_EXCEPTION	       0x40 /* + vector */
#define EXIT_CPUID	       0x72
#define EXIT_IO		       0x7b
#define EXIT_SHUTDOWN	       0x7f
#define EXIT_VMRUN	       0x80
#define EXIT_VMMCALL	       0x81
#define EXIT_SKINIT	       0x86
#define EXIT_NESTED_PAGE_FAULT 0x400

#define FLUSH_TLB     1
#define NESTED_PAGING 1

#define EVENT_EXCEPTION (3u << 8)
#define EVENT_HAS_ERROR (1u << 11)
#define EVENT_VALID	(1u << 31)

#define IO_EXIT_PORT(info) ((info) >> 16 & 0xffff)

struct vmcb_segment {
	uint16_t selector, attributes;
	uint32_t limit;
	uint64_t base;
};

struct vmcb {
	uint32_t intercept_cr, intercept_dr, intercept_exceptions, intercept1, intercept2;
	uint8_t reserved0[0x40 - 0x14];
	uint64_t io_permissions, msr_permissions, tsc_offset;
	uint32_t asid, flush_tlb;
	uint64_t interrupt_control, interrupt_shadow;
	uint64_t exit_code, exit_info1, exit_info2, exit_interrupt_info;
	uint64_t nested_paging;
	uint8_t reserved1[0xa8 - 0x98];
	uint32_t event, event_error;
	uint64_t nested_cr3;
	uint8_t reserved2[0x400 - 0xb8];

	struct vmcb_segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
	uint8_t reserved3[0xcb - 0xa0];
	uint8_t cpl;
	uint32_t reserved4;
	uint64_t efer;
	uint8_t reserved5[0x148 - 0xd8];
	uint64_t cr4, cr3, cr0, dr7, dr6, rflags, rip;
	uint8_t reserved6[0x1d8 - 0x180];
	uint64_t rsp;
	uint8_t reserved7[0x1f8 - 0x1e0];
	uint64_t rax;
	uint64_t syscall_msrs[8];
	uint64_t cr2;
	uint8_t reserved8[0x268 - 0x248];
	uint64_t pat;
	uint8_t reserved9[0xc00 - 0x270];
} __attribute__((aligned(4096)));

#define AT(offset, field) _Static_assert(__builtin_offsetof(struct vmcb, field) == (offset), #field)
AT(0x040, io_permissions);
AT(0x058, asid);
AT(0x070, exit_code);
AT(0x090, nested_paging);
AT(0x0a8, event);
AT(0x0b0, nested_cr3);
AT(0x400, es);
AT(0x4cb, cpl);
AT(0x4d0, efer);
AT(0x548, cr4);
AT(0x578, rip);
AT(0x5d8, rsp);
AT(0x5f8, rax);
AT(0x640, cr2);
AT(0x668, pat);
#undef AT
_Static_assert(sizeof(struct vmcb) == 4096, "a VMCB is one page");

#endif
