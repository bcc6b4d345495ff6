/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A recorded case as C data: one line of the file. README.md beside this file describes the format.
 */
#ifndef RECORDING_H
#define RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include "acrn_model.h"
#include "guest_memory.h"

struct flags_setting {
	uint16_t vm;
	uint64_t flags;
};

struct state_change {
	uint16_t vm;
	enum acrn_vm_state before, after;
};

struct step {
	struct acrn_vmcall call;
	const char *name; /* NULL if the number selects no call */
	struct changes writes;
	struct flags_setting setting[ACRN_MAX_VMS];
	size_t settings;
	enum acrn_outcome outcome;
	uint64_t rax;
	struct changes changes;
	struct state_change state[ACRN_MAX_VMS];
	size_t states;
	bool fake; /* the result depends on hardware that was not there */
};

struct recorded_case {
	const char *name;
	struct step *step;
	size_t steps;
	void *json; /* holds the strings */
};

/*
 * Reads one line. true and *recorded filled in, to be freed; or false and one sentence without an
 * end of line in `why` of `size` bytes.
 */
bool recording_read(const char *line, size_t length, struct recorded_case *recorded, char *why,
		    size_t size);
void recording_free(struct recorded_case *recorded);

#endif
