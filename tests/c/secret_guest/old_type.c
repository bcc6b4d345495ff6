/* SPDX-License-Identifier: BSD-3-Clause */
/* ACRN's structure as a loader of July 2018 declared it, for the guest's debug information. */
#include <stdint.h>

struct trusty_boot_param {
	uint32_t size_of_this_struct, version, base_addr, entry_point, mem_size, padding;
	uint8_t rpmb_key[64];
};

struct trusty_boot_param *trusty_of_the_loader;
