/* SPDX-License-Identifier: BSD-3-Clause */
#include "replay.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct machine {
	struct acrn_model model;
	struct guest_memory *memory;
};

/* A step being compared. */
struct comparison {
	const char *name; /* of its case */
	size_t number;	  /* from 1 */
	const struct step *step;
	bool differs;
};

static void print_escaped(const char *text)
{
	for (; *text; text++)
		printf(isprint((unsigned char)*text) ? "%c" : "\\x%02x", (unsigned char)*text);
}

__attribute__((format(printf, 2, 3))) static void differ(struct comparison *comparison,
							 const char *format, ...)
{
	va_list arguments;

	comparison->differs = true;
	print_escaped(comparison->name);
	printf(" step %zu ", comparison->number);
	print_escaped(comparison->step->name ? comparison->step->name : "(no call)");
	printf(": ");
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
}

static const char *outcome_text(enum acrn_outcome outcome)
{
	static const char *const text[] = {
		[ACRN_RETURNED] = "a return", [ACRN_RAISES_UD] = "#UD", [ACRN_RAISES_GP] = "#GP"};

	return text[outcome];
}

static void compare_outcome(struct comparison *comparison, enum acrn_outcome outcome, uint64_t rax)
{
	const struct step *step = comparison->step;

	if (outcome != step->outcome)
		differ(comparison, "outcome: expected %s, got %s", outcome_text(step->outcome),
		       outcome_text(outcome));
	else if (outcome == ACRN_RETURNED && rax != step->rax)
		differ(comparison, "rax: expected 0x%" PRIx64 " (%d), got 0x%" PRIx64 " (%d)",
		       step->rax, (int32_t)step->rax, rax, (int32_t)rax);
}

/*
 * A recorded run of changed bytes may hold single ones that were the same before, so what is
 * compared is what the memory holds in the end: the recorded bytes, and beside them what it held
 * before.
 */
static void compare_changes(struct comparison *comparison, struct guest_memory *memory)
{
	const struct changes *expected = &comparison->step->changes;
	struct changes got = guest_memory_changes(memory);
	size_t g = 0;

	for (size_t e = 0; e <= expected->count; e++) {
		uint64_t next = e < expected->count ? expected->byte[e].address : UINT64_MAX;
		uint8_t value;

		for (; g < got.count && got.byte[g].address < next; g++)
			differ(comparison, "memory at 0x%" PRIx64 ": expected no change, got %02x",
			       got.byte[g].address, got.byte[g].value);
		if (e == expected->count)
			break;
		g += g < got.count && got.byte[g].address == next;
		guest_memory_read(memory, next, &value, 1);
		if (value != expected->byte[e].value)
			differ(comparison, "memory at 0x%" PRIx64 ": expected %02x, got %02x", next,
			       expected->byte[e].value, value);
	}
	free(got.byte);
}

static void states_of(const struct acrn_model *model, enum acrn_vm_state *states)
{
	for (uint16_t vm = 0; vm < ACRN_MAX_VMS; vm++)
		states[vm] = acrn_model_vm_state(model, vm);
}

static void compare_states(struct comparison *comparison, const enum acrn_vm_state *before,
			   const enum acrn_vm_state *after)
{
	enum acrn_vm_state from[ACRN_MAX_VMS], to[ACRN_MAX_VMS];

	for (uint16_t vm = 0; vm < ACRN_MAX_VMS; vm++)
		from[vm] = to[vm] = before[vm];
	for (size_t i = 0; i < comparison->step->states; i++) {
		from[comparison->step->state[i].vm] = comparison->step->state[i].before;
		to[comparison->step->state[i].vm] = comparison->step->state[i].after;
	}
	for (uint16_t vm = 0; vm < ACRN_MAX_VMS; vm++)
		if (from[vm] != before[vm] || to[vm] != after[vm])
			differ(comparison, "state of VM %u: expected %d to %d, got %d to %d", vm,
			       from[vm], to[vm], before[vm], after[vm]);
}

/* What the caller does before its call; false if there is no memory for it. */
static bool prepare(struct machine *machine, const struct step *step)
{
	for (size_t i = 0; i < step->settings; i++)
		acrn_model_set_vm_flags(&machine->model, step->setting[i].vm,
					step->setting[i].flags);
	for (size_t i = 0; i < step->writes.count; i++)
		if (guest_memory_write(machine->memory, step->writes.byte[i].address,
				       &step->writes.byte[i].value, 1))
			return false;
	guest_memory_mark(machine->memory);
	return true;
}

static bool play(struct machine *machine, struct comparison *comparison)
{
	enum acrn_vm_state before[ACRN_MAX_VMS], after[ACRN_MAX_VMS];
	enum acrn_outcome outcome;
	uint64_t rax = 0;

	if (!prepare(machine, comparison->step))
		return false;
	states_of(&machine->model, before);
	outcome = acrn_model_vmcall(&machine->model, &comparison->step->call, &rax);
	states_of(&machine->model, after);
	if (comparison->step->fake)
		return true;
	compare_outcome(comparison, outcome, rax);
	compare_changes(comparison, machine->memory);
	compare_states(comparison, before, after);
	return true;
}

static bool power_on(struct machine *machine)
{
	struct acrn_memory memory = {.read = guest_memory_read, .write = guest_memory_write};

	machine->memory = guest_memory_new();
	memory.opaque = machine->memory;
	acrn_model_init(&machine->model, &acrn_machine_default, &memory);
	return machine->memory;
}

/* Whether the model has every call of the case. */
static bool playable(const struct recorded_case *recorded)
{
	for (size_t i = 0; i < recorded->steps; i++)
		if (recorded->step[i].name && !acrn_model_handles(recorded->step[i].call.number))
			return false;
	return true;
}

bool replay(const struct recorded_case *recorded, struct tally *tally)
{
	static struct machine machine;
	bool played = true;

	tally->cases++;
	tally->steps += recorded->steps;
	if (!playable(recorded)) {
		tally->skipped += recorded->steps;
		return true;
	}
	if (!power_on(&machine))
		return false;
	for (size_t i = 0; played && i < recorded->steps; i++) {
		struct comparison comparison = {recorded->name, i + 1, &recorded->step[i], false};

		played = play(&machine, &comparison);
		tally->differ += comparison.differs;
		tally->skipped += comparison.step->fake;
	}
	guest_memory_free(machine.memory);
	return played;
}
