/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "nested_tables.h"

#define PAGE 4096u

/* Offsets in a VMCB, and the bits there without which VMRUN refuses. */
#define INTERCEPTS    0x10
#define ASID	      0x58
#define NESTED_PAGING 0x90
#define NCR3	      0xb0
#define EFER	      0x4d0
#define VMRUN	      1u
#define SVME	      0x1000u

static uint64_t word(const unsigned char *page, unsigned int offset)
{
	return *(const volatile uint64_t *)(page + offset);
}

static int is_vmcb(const unsigned char *page)
{
	return word(page, EFER) & SVME && word(page, INTERCEPTS) & VMRUN &&
	       (uint32_t)word(page, ASID) && word(page, NESTED_PAGING) & 1;
}

static void add(struct nested_tables *tables, uint64_t ncr3)
{
	for (unsigned int i = 0; i < tables->count; i++)
		if (tables->ncr3[i] == ncr3)
			return;
	tables->ncr3[tables->count++] = ncr3;
}

void nested_tables_find(struct nested_tables *tables, const struct guest_ram *ram)
{
	struct ram_cursor cursor = {0};
	uint64_t at;

	memset(tables, 0, sizeof(*tables));
	while (tables->count < MAX_NESTED_TABLES && (at = ram_next(ram, &cursor)) != UINT64_MAX) {
		const unsigned char *page = ram_at(ram, at, PAGE);
		uint64_t ncr3 = page && is_vmcb(page) ? word(page, NCR3) : 0;

		if (ncr3 && ncr3 % PAGE == 0 && ram_at(ram, ncr3, PAGE))
			add(tables, ncr3);
	}
}
