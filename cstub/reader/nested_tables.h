/* SPDX-License-Identifier: BSD-3-Clause */
/* Finds the nested page tables in a machine's RAM, by the VMCBs that name them. */
#ifndef NESTED_TABLES_H
#define NESTED_TABLES_H

#include "guest_ram.h"

#define MAX_NESTED_TABLES 64

struct nested_tables {
	unsigned int count;
	uint64_t ncr3[MAX_NESTED_TABLES]; /* each once, in RAM */
};

/*
 * Those of all guests that a hypervisor on AMD's SVM runs: of each page that says what VMRUN
 * demands of a VMCB (AMD64 APM volume 2, 15.5.1 and appendix B). Any page may look like one.
 */
void nested_tables_find(struct nested_tables *tables, const struct guest_ram *ram);

#endif
