/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>

#include "acrn_cpuid.h"
#include "apic.h"
#include "guest.h"
#include "machine.h"
#include "percpu.h"
#include "start_info.h"
#include "traps.h"

extern char IMAGE_PHYSICAL[], IMAGE_VIRTUAL[];

static const char *command_line = "";

uint64_t guest_physical(const volatile void *object)
{
	uint64_t address = (uint64_t)object;

	if (address < (uint64_t)IMAGE_VIRTUAL)
		return address;
	return address - (uint64_t)IMAGE_VIRTUAL + (uint64_t)IMAGE_PHYSICAL;
}

bool guest_option(const char *word)
{
	const char *text = command_line;

	while (*text) {
		size_t n = 0;

		while (word[n] && text[n] == word[n])
			n++;
		if (!word[n] && (!text[n] || text[n] == ' '))
			return true;
		while (*text && *text++ != ' ')
			;
	}
	return false;
}

/* A guest that is linked with emulated_acrn.c brings its own hypervisor. */
__attribute__((weak)) bool acrn_emulate(void)
{
	return false;
}

_Noreturn void image_start(const struct start_info *info)
{
	percpu_init(0);
	traps_init();
	apic_init();
	if (info->command_line)
		command_line = (const char *)info->command_line;
	if (!acrn_present() && !acrn_emulate()) {
		print("no ACRN here: run this guest under build/examples/hypervisor.elf\n");
		machine_fail();
	}
	if (guest_main())
		machine_fail();
	machine_power_off();
}
