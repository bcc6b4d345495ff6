/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A type-1 hypervisor on AMD's SVM that runs one guest as ACRN's Service VM. QEMU starts it with
 * -kernel and hands it the guest, a PVH image as well, with -initrd. It keeps the top of RAM for
 * itself and gives all other hardware to the guest: interrupts and ports go straight there. What it
 * takes are CPUID and hypercalls, which the model of ACRN (cstub/model) answers.
 */
#include "console.h"
#include "guest_image.h"
#include "machine.h"
#include "memory.h"
#include "percpu.h"
#include "start_info.h"
#include "traps.h"
#include "tsc.h"
#include "vcpu.h"
#include "x86.h"

#define CPUID_EXTENDED_FEATURES 0x80000001
#define CPUID_SVM_FEATURES	0x8000000a
#define EXTENDED_ECX_SVM	0x4
#define SVM_EDX_NESTED_PAGING	0x1

extern char image_end[];

static _Noreturn void give_up(const char *why)
{
	print("hypervisor: %s\n", why);
	machine_fail();
}

static void check_processor(void)
{
	if (!(cpuid(CPUID_EXTENDED_FEATURES, 0).ecx & EXTENDED_ECX_SVM) ||
	    !(cpuid(CPUID_SVM_FEATURES, 0).edx & SVM_EDX_NESTED_PAGING))
		give_up("no SVM with nested paging here: give QEMU -cpu max");
}

static uint32_t load_guest(struct start_info *info)
{
	const struct start_module *guest = (const void *)info->module_list;
	uint32_t entry;

	if (!info->modules)
		give_up("no guest: give QEMU its image with -initrd");
	if (guest->address < (uint64_t)image_end)
		give_up("the guest's image is in the way: give QEMU more memory");
	entry = guest_image_load((const void *)guest->address, guest->size);
	if (!entry)
		give_up("the guest is no PVH image in 64-bit ELF, or does not fit its memory");
	info->modules = 0; /* it is the hypervisor's, and out of the guest's sight */
	return entry;
}

_Noreturn void image_start(struct start_info *info)
{
	uint32_t entry;

	percpu_init(0);
	traps_init();
	check_processor();
	memory_init(info);
	entry = load_guest(info);
	hypercalls_init();
	tsc_khz();
	vcpu_start(0, entry, (uint32_t)(uint64_t)info);
}
