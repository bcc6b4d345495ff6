/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a PVH loader hands over; all addresses are physical.
 *
 * Source: Xen's xen/include/public/arch-x86/hvm/start_info.h.
 */
#ifndef EXAMPLES_START_INFO_H
#define EXAMPLES_START_INFO_H

#include <stdint.h>

#define START_INFO_MAGIC 0x336ec578
#define MEMORY_RAM	 1

struct start_info {
	uint32_t magic, version, flags, modules;
	uint64_t module_list;
	uint64_t command_line; /* 0 or a NUL-terminated text */
	uint64_t rsdp;
	uint64_t memory_map; /* from version 1 on */
	uint32_t memory_map_entries, reserved;
};

struct start_module {
	uint64_t address, size, command_line, reserved;
};

struct start_memory {
	uint64_t address, size;
	uint32_t type, reserved;
};

#endif
