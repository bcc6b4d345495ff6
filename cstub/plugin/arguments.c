/* SPDX-License-Identifier: BSD-3-Clause */
/* Adds to a record the memory that the decoder reads for its arguments. */
#include <stdlib.h>

#include "arguments.h"
#include "call.h"
#include "plugin.h"

#define ARENA (2u << 20) /* bytes, of each vCPU; the system gives what is used of them */

static const struct shared_head *shared;
static struct table table;
static int has_table;
static uint8_t *arenas;

int arguments_begin(const struct shared_head *head)
{
	shared = head;
	if (!head->table_bytes)
		return 0;
	if (table_check(&table, (const uint8_t *)head + shared_table_at(head), head->table_bytes))
		return -1;
	arenas = malloc((size_t)head->vcpus * ARENA);
	has_table = arenas != NULL;
	return has_table ? 0 : -1;
}

static int leads_somewhere(const struct hypercall_record *record)
{
	uint32_t entry = table_call(&table, record->abi, record->number);

	return entry != TABLE_NONE && arguments_lead_somewhere(&table, call_entry(&table, entry));
}

/* A call that is decoded for what that reads, which is as much as there is room for. */
static void decode(unsigned int vcpu, const struct record *record, const struct memory *memory,
		   int side)
{
	struct arena arena = {arenas + (size_t)vcpu * ARENA, NULL, 0};
	struct circumstances with = {.hz = 1};
	struct call call;

	arena.end = arena.at + ARENA;
	with.memory[side] = memory;
	call_decode(&call, record, &table, &with, &arena);
}

void arguments_read(unsigned int vcpu, struct shared_slot *slot, int side)
{
	struct hypercall_record *made = (struct hypercall_record *)slot->record;
	struct capturing capturing;
	struct record record;

	if (!has_table || made->abi >= HYPERCALL_ABIS || !leads_somewhere(made))
		return;
	made->flags |= HYPERCALL_WAS_READ;
	if (!record_of_bytes(&record, slot->record, made->size))
		return;
	capturing_begin(&capturing, memory_of(vcpu, hypercall_abis[made->abi].memory));
	decode(vcpu, &record, &capturing.memory, side);
	made->size += capturing_end(&capturing, &record, side, slot->record + made->size,
				    shared->slot_bytes - made->size);
}
