/* SPDX-License-Identifier: BSD-3-Clause */
/* A kernel that may run under either: KVM's hypercalls between ACRN's, in one image. */
#include "kvm_types.h"
#include "guest.h"

#define KVM_CALL(nr, ret, ...)                                                                     \
	__asm__ volatile("vmcall" : "=a"(ret) : "a"((uint64_t)(nr)), __VA_ARGS__ : "memory")

static __attribute__((noinline)) long kick_cpu(uint32_t apic_id)
{
	long ret;

	KVM_CALL(5, ret, "b"(0ul), "c"((uint64_t)apic_id));
	return ret;
}

static __attribute__((noinline)) long pair_clocks(struct kvm_clock_pairing *pairing)
{
	long ret;

	KVM_CALL(9, ret, "b"(guest_physical(pairing)), "c"(0ul));
	return ret;
}

/* Of which the code tells no number: it loads the registers of KVM's calls. */
static __attribute__((noinline)) long any_of_kvm(uint64_t number, uint64_t first)
{
	long ret;

	KVM_CALL(number, ret, "b"(first));
	return ret;
}

int guest_main(void)
{
	struct kvm_clock_pairing pairing = {.flags = 7};
	struct acrn_vm_creation vm = {.vcpu_num = 1};

	print("create_vm: %ld\n", acrn_call(create_vm, &vm));
	print("kick_cpu: %ld\n", kick_cpu(1));
	print("clock_pairing: %ld\n", pair_clocks(&pairing));
	print("sec: %u\n", (uint32_t)pairing.sec);
	print("0x63: %ld\n", any_of_kvm(0x63, 5));
	print("start_vm: %ld\n", acrn_call(start_vm, 1));
	return 0;
}
