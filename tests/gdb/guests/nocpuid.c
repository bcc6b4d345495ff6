/* SPDX-License-Identifier: BSD-3-Clause */
/* A guest that takes ACRN for granted: it makes a call and no CPUID. */
#include "acrn_hypercall.h"
#include "acrn_types.h"
#include "console.h"
#include "machine.h"
#include "percpu.h"
#include "start_info.h"
#include "traps.h"

#define GET_API_VERSION 0x80000000ul

extern char IMAGE_PHYSICAL[], IMAGE_VIRTUAL[];

_Noreturn void image_start(const struct start_info *info)
{
	static struct hc_api_version version;
	uint64_t address = (uint64_t)&version - (uint64_t)IMAGE_VIRTUAL + (uint64_t)IMAGE_PHYSICAL;

	(void)info;
	percpu_init(0);
	traps_init();
	acrn_hypercall1(GET_API_VERSION, address);
	print("version %u.%u\n", version.major_version, version.minor_version);
	machine_power_off();
}
