/* SPDX-License-Identifier: BSD-3-Clause */
/* A kernel that may run under either: VMware's hypercalls between ACRN's, in one image. */
#include "lib/answer.h"

#define VMWARE_MAGIC	  0x564d5868u
#define VMWARE_GETVERSION 10u

bool while_in_flight(struct trap_frame *frame)
{
	(void)frame;
	return true;
}

/* As arch/x86/kernel/cpu/vmware.c of Linux has it. */
static __attribute__((noinline)) uint32_t vmware_version(void)
{
	uint32_t eax = VMWARE_MAGIC, ebx = UINT32_MAX, ecx = VMWARE_GETVERSION, edx = 0;

	__asm__ volatile("vmcall" : "+a"(eax), "+b"(ebx), "+c"(ecx), "+d"(edx) : : "memory");
	return eax;
}

int guest_main(void)
{
	for (unsigned i = 0; i < 3; i++) {
		long ret = call_once(NR, i, VMWARE_MAGIC);

		print("vmware: %ld %u\n", ret, vmware_version());
	}
	return 0;
}
