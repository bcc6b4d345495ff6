/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest whose only site tells nothing: what calls it through a pointer loads the registers, as
 * KVM has them. Between two calls CPUID has KVM's signature: QEMU without KVM has none, so that the
 * guest itself puts it there.
 */
#include <stdint.h>

#include "console.h"
#include "machine.h"
#include "percpu.h"
#include "start_info.h"
#include "traps.h"

#define KICK_CPU 5ul

__asm__(".globl bare_call\n"
	".type bare_call, @function\n"
	"bare_call: vmcall\n"
	"	ret\n"
	".size bare_call, . - bare_call\n"
	".globl signature\n"
	".type signature, @function\n"
	"signature: push %rbx\n"
	"	mov $0x4b4d564b, %ebx\n" /* KVMK VMKV M */
	"	mov $0x564b4d56, %ecx\n"
	"	mov $0x4d, %edx\n"
	"	test %esp, %esp\n"
	"	jnz 1f\n"
	"	cpuid\n"
	"1:	pop %rbx\n"
	"	ret\n"
	".size signature, . - signature\n");

void signature(void);
long bare_call(void);
static long (*volatile call)(void) = bare_call;

static __attribute__((noinline)) long kick(uint64_t apic_id)
{
	register long (*called)(void) __asm__("r11") = call;
	long ret;

	__asm__ volatile("call *%[called]"
			 : "=a"(ret)
			 : "a"(KICK_CPU), "b"(0ul), "c"(apic_id), "d"(0ul),
			   "S"(0ul), [called] "r"(called)
			 : "memory", "cc");
	return ret;
}

_Noreturn void image_start(const struct start_info *info)
{
	(void)info;
	percpu_init(0);
	traps_init();
	print("before: %ld\n", kick(1));
	signature();
	print("after: %ld\n", kick(2));
	machine_power_off();
}
