/* SPDX-License-Identifier: BSD-3-Clause */
/* A guest one of whose calls is made by code that is data to its image: no site has it. */
#include "guest.h"

static const uint8_t vmcall_and_return[] = {0x0f, 0x01, 0xc1, 0xc3};

static long call_unseen(struct hc_api_version *version)
{
	uint64_t physical = guest_physical(version);
	register uint64_t r8 __asm__("r8") = ACRN_NR_get_api_version;
	long ret;

	__asm__ volatile("call *%[code]"
			 : "=a"(ret)
			 : [code] "r"(vmcall_and_return), "r"(r8), "D"(physical)
			 : "memory");
	return ret;
}

int guest_main(void)
{
	struct hc_api_version version = {0};

	print("made_code: %ld\n", acrn_call(get_api_version, &version));
	print("made_code: %ld\n", call_unseen(&version));
	return 0;
}
