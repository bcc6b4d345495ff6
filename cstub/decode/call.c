/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Decodes a record to a call: what it was, when it was made, how it ended.
 */
#include "call.h"

#include "arguments.h"
#include "done.h"
#include "findings.h"
#include "text_in_arena.h"

#define MICROS 1000000ull

/* So many units of a clock, of which there are `hz` in a second, as microseconds. */
static uint64_t micros_of(uint64_t units, uint64_t hz)
{
	uint64_t seconds = units / hz, rest = units % hz;

	if (units <= UINT64_MAX / MICROS)
		return units * MICROS / hz;
	if (seconds >= CALL_MOST_MICROS / MICROS)
		return CALL_MOST_MICROS;
	return seconds * MICROS + (uint64_t)((unsigned __int128)rest * MICROS / hz);
}

static void decode_times(struct call *call, const struct record *record, uint64_t hz)
{
	if (record->clock != HYPERCALL_TICKS)
		hz = 1000 * MICROS;
	call->micros = micros_of(record->entry, hz);
	call->has_duration = record->state == HYPERCALL_RETURNED && record->leave >= record->entry;
	if (call->has_duration)
		call->duration = micros_of(record->leave - record->entry, hz);
}

const uint8_t *error_of_call(const struct call *call, const struct table *table)
{
	uint32_t error = call->error ? table_error(table, call->abi, call->error) : TABLE_NONE;

	return error == TABLE_NONE ? NULL : error_entry(table, error);
}

/* The number of the error that the result is, or 0. */
static uint64_t error_in(const struct call *call, const struct table *table)
{
	const uint8_t *abi = abi_of_call(call, table);

	if (call->status == CALL_RETURNED && abi && abi_flags(abi) & ABI_STATUS)
		return call->result & 0xffff;
	return call->has_result && call->result < 0 ? (uint64_t)-call->result : 0;
}

static void decode_end(struct call *call, const struct record *record, const struct table *table)
{
	call->has_result = 0;
	call->error = 0;
	if (record->state != HYPERCALL_RETURNED) {
		call->status =
			record->flags & HYPERCALL_OVERWRITTEN ? CALL_UNKNOWN : CALL_UNFINISHED;
		return;
	}
	call->status = record->flags & HYPERCALL_FAULTED ? CALL_FAULTED : CALL_RETURNED;
	call->result = (int64_t)record->result;
	call->has_result = call->status == CALL_RETURNED && call->result == (int32_t)call->result;
	call->error = error_in(call, table);
}

/* Of a number that the table does not have. */
static void make_name(struct call *call, const struct table *table, struct arena *arena)
{
	const uint8_t *abi = abi_of_call(call, table);
	struct out out = begin_text(arena);

	out_literal(&out, "hypercall_");
	out_hex(&out, call->record->number);
	call->name = call->title = keep_text(arena, &out);
	if (call->abi == 0)
		return;
	out = begin_text(arena);
	if (abi)
		out_text(&out, table_text(table, abi_name(abi)));
	else
		out_literal(&out, "unknown");
	out_char(&out, ':');
	out_text(&out, call->name);
	call->title = keep_text(arena, &out);
}

static void decode_name_of_call(struct call *call, const struct table *table, struct arena *arena)
{
	uint32_t abi = call->record->abi;

	call->abi = abi < table->count[TABLE_ABIS] ? abi : TABLE_NONE;
	call->entry = table_call(table, call->abi, call->record->number);
	if (call->entry == TABLE_NONE) {
		make_name(call, table, arena);
		return;
	}
	call->name = table_text(table, call_name(call_entry(table, call->entry)));
	call->title = table_text(table, call_title(call_entry(table, call->entry)));
}

/* That at the return is of a call that is over. */
static void take_memory(struct call *call, const struct circumstances *with)
{
	const struct record *record = call->record;

	for (int side = 0; side < 2; side++) {
		call->memory[side] = with->memory[side];
		if (with->memory[side] || !(record->flags & HYPERCALL_WAS_READ) ||
		    (side && record->state != HYPERCALL_RETURNED))
			continue;
		captured_memory_of(&call->captured[side], record, side);
		call->memory[side] = &call->captured[side].memory;
	}
}

void call_decode(struct call *call, const struct record *record, const struct table *table,
		 const struct circumstances *with, struct arena *arena)
{
	call->record = record;
	call->seq = with->seq;
	call->is_dump = with->is_dump;
	call->is_begun = 0;
	take_memory(call, with);
	call->has_place = with->place != NULL;
	if (with->place)
		call->place = *with->place;
	call->clobbers = 0;
	call->findings = call->last_finding = NULL;
	for (uint32_t i = 0; i < TABLE_ARGUMENTS; i++)
		call->argument[i] = NULL;
	decode_times(call, record, with->hz);
	decode_name_of_call(call, table, arena);
	decode_end(call, record, table);
	if (call->entry != TABLE_NONE)
		decode_arguments(call, table, arena);
	find_departure(call, arena);
	if (record->state == HYPERCALL_RETURNED)
		find_at_return(call, table, arena, !with->is_injected && !call_is_injected(call));
}

int call_failed(const struct call *call)
{
	return call->status == CALL_FAULTED || call->error;
}
