/* SPDX-License-Identifier: BSD-3-Clause */
/* Does to calls what the rules say, and tells in their records what was done. */
#include <string.h>

#include "play.h"
#include "plugin.h"
#include "rules.h"

#define MOST_DONE 16u /* that one end of a call tells of */

static const struct shared_head *shared;
static const struct rules_rule *rules;
static const struct rules_calls *calls;
static const struct rules_poke *pokes;
static struct rules_head count;
static uint64_t counted[RULES_MOST]; /* calls, of each rule */

/* At the end of a call that a vCPU was at last. */
static struct of_vcpu {
	uint64_t due; /* mask of rules */
	uint64_t delay;
	const struct rules_rule *answers;
	uint32_t done;
	struct hypercall_done told[MOST_DONE];
} vcpus[SHARED_VCPUS];

int rules_begin(struct shared_head *head)
{
	const uint8_t *at = (const uint8_t *)head + shared_rules_at(head);
	uint64_t size = sizeof(count);

	shared = head;
	if (!head->rules_bytes)
		return 0;
	if (head->rules_bytes < size)
		return -1;
	memcpy(&count, at, sizeof(count));
	rules = (const void *)(at + size);
	size += (uint64_t)count.rules * sizeof(*rules);
	calls = (const void *)(at + size);
	size += (uint64_t)count.calls * sizeof(*calls);
	pokes = (const void *)(at + size);
	size += (uint64_t)count.pokes * sizeof(*pokes);
	return size == head->rules_bytes && count.rules <= RULES_MOST ? 0 : -1;
}

int rules_are_some(void)
{
	return count.rules != 0;
}

static struct hypercall_done *tell(struct of_vcpu *of, uint8_t what, const char *text)
{
	static __thread struct hypercall_done nobodys;
	struct hypercall_done *done = of->done < MOST_DONE ? &of->told[of->done++] : &nobodys;

	*done = (struct hypercall_done){.what = what};
	memcpy(done->text, text, sizeof(done->text));
	return done;
}

static uint64_t rules_for(const struct hypercall_record *made)
{
	uint64_t found = 0;

	for (uint32_t i = 0; i < count.calls; i++)
		if ((calls[i].abi == RULES_ANY || calls[i].abi == made->abi) &&
		    calls[i].first <= made->number && made->number <= calls[i].last &&
		    calls[i].rule < count.rules)
			found |= (uint64_t)1 << calls[i].rule;
	return found;
}

static int is_its_turn(uint32_t rule)
{
	uint64_t number = __atomic_add_fetch(&counted[rule], 1, __ATOMIC_RELAXED);
	const struct rules_rule *of = &rules[rule];

	return of->first <= number && number <= of->last && (number - of->first) % of->step == 0;
}

static void answer(struct of_vcpu *of, const struct rules_rule *rule)
{
	if (!(rule->flags & RULE_ANSWERS) || of->answers)
		return;
	of->answers = rule;
	tell(of, rule->flags & RULE_IS_MOCK ? HYPERCALL_MOCKED : HYPERCALL_INJECTED, rule->answer);
}

static void delay(struct of_vcpu *of, const struct rules_rule *rule, int side)
{
	if (!rule->delay[side])
		return;
	of->delay += rule->delay[side];
	tell(of, HYPERCALL_DELAYED, rule->delayed[side]);
}

/* Bits of memory from `bit` on: 0, or -1 where there is no memory. */
static int read_bits(const struct memory *memory, uint64_t address, uint32_t bit, uint32_t size,
		     uint64_t *value)
{
	uint8_t bytes[9] = {0};
	uint32_t length = (bit % 8 + size + 7) / 8;

	if (length > sizeof(bytes) ||
	    memory->read(memory->context, address + bit / 8, bytes, length))
		return -1;
	*value = load_bits(bytes, sizeof(bytes), bit % 8, size);
	return 0;
}

/* Where a poke's pointers lead; or -1, and *done says why it is not done. */
static int find(const struct rules_poke *poke, const struct memory *memory, uint64_t *address,
		struct hypercall_done *done)
{
	for (uint32_t i = 0; i < poke->hops && i < RULES_HOPS; i++) {
		const struct rules_hop *hop = &poke->hop[i];
		uint64_t elements;

		done->before = *address;
		if (hop->count_size) {
			if (read_bits(memory, *address, hop->count_offset, hop->count_size,
				      &elements))
				return -1;
			if (hop->index >= elements) {
				done->what = HYPERCALL_NOT_POKED_BEYOND;
				done->before = elements;
				return -1;
			}
		}
		if (read_bits(memory, *address, hop->offset * 8, hop->size * 8, address))
			return -1;
		*address += hop->beyond;
	}
	done->before = *address;
	return 0;
}

static void poke_memory(unsigned int vcpu, const struct rules_poke *poke,
			const struct memory *memory, struct hypercall_done *done)
{
	uint64_t address = register_read(vcpu, poke->reg);
	uint32_t bit = poke->bit_offset % 8, length = (bit + poke->bit_size + 7) / 8;
	uint8_t bytes[9];

	done->what = HYPERCALL_NOT_POKED;
	if (find(poke, memory, &address, done))
		return;
	address += poke->bit_offset / 8;
	if (length > sizeof(bytes) || memory->read(memory->context, address, bytes, length))
		return;
	read_bits(memory, address, bit, poke->bit_size, &done->before);
	store_bits(bytes, bit, poke->bit_size, poke->value);
	if (!memory_write(vcpu, address, bytes, length))
		done->what = HYPERCALL_POKED;
	else
		done->before = address;
}

static void poke_register(unsigned int vcpu, const struct rules_poke *poke,
			  struct hypercall_done *done)
{
	uint64_t value = register_read(vcpu, poke->reg);
	uint8_t bytes[8];

	memcpy(bytes, &value, sizeof(bytes));
	done->before = load_bits(bytes, sizeof(bytes), poke->bit_offset, poke->bit_size);
	store_bits(bytes, poke->bit_offset, poke->bit_size, poke->value);
	memcpy(&value, bytes, sizeof(bytes));
	register_write(vcpu, poke->reg, value);
}

static int is_for(const struct rules_poke *poke, uint64_t due, int side,
		  const struct hypercall_record *call)
{
	return poke->side == (uint32_t)side && due >> poke->rule & 1 &&
	       (poke->abi == RULES_ANY || poke->abi == call->abi) && poke->first <= call->number &&
	       call->number <= poke->last;
}

/* Whether a register was changed. */
static int poke_all(unsigned int vcpu, uint64_t due, int side, const struct hypercall_record *call)
{
	struct of_vcpu *of = &vcpus[vcpu];
	int is_changed = 0;

	for (uint32_t i = 0; i < count.pokes; i++) {
		const struct rules_poke *poke = &pokes[i];
		struct hypercall_done *done;

		if (!is_for(poke, due, side, call))
			continue;
		done = tell(of, HYPERCALL_POKED, poke->text);
		done->bits = (uint8_t)poke->bit_size;
		done->after = poke->value;
		if (poke->is_in_memory)
			poke_memory(vcpu, poke, memory_of(vcpu, hypercall_abis[call->abi].memory),
				    done);
		else
			poke_register(vcpu, poke, done);
		is_changed |= !poke->is_in_memory;
	}
	return is_changed;
}

int rules_enter(unsigned int vcpu, const struct hypercall_record *made)
{
	struct of_vcpu *of = &vcpus[vcpu];
	uint64_t found = rules_for(made);

	of->due = of->delay = of->done = 0;
	of->answers = NULL;
	for (uint32_t i = 0; i < count.rules; i++) {
		if (!(found >> i & 1) || !is_its_turn(i))
			continue;
		of->due |= (uint64_t)1 << i;
		delay(of, &rules[i], 0);
		answer(of, &rules[i]);
	}
	return of->due && poke_all(vcpu, of->due, 0, made);
}

void rules_tell(struct shared_slot *slot, const struct hypercall_done *done, uint32_t many)
{
	struct hypercall_record *record = (struct hypercall_record *)slot->record;
	struct hypercall_block *block = (struct hypercall_block *)(slot->record + record->size);
	uint32_t size = many * (uint32_t)sizeof(*done);

	if (!many || record->size + sizeof(*block) + size > shared->slot_bytes)
		return;
	*block = (struct hypercall_block){.kind = HYPERCALL_DONE, .size = size};
	memcpy(block + 1, done, size);
	record->size += (uint32_t)sizeof(*block) + size;
}

void rules_entered(unsigned int vcpu, struct shared_slot *slot)
{
	slot->due = vcpus[vcpu].due;
	rules_tell(slot, vcpus[vcpu].told, vcpus[vcpu].done);
}

void rules_leave(unsigned int vcpu, struct shared_slot *slot)
{
	struct of_vcpu *of = &vcpus[vcpu];

	of->delay = of->done = 0;
	for (uint32_t i = 0; i < count.rules; i++)
		if (slot->due >> i & 1)
			delay(of, &rules[i], 1);
	if (slot->due)
		poke_all(vcpu, slot->due, 1, (const struct hypercall_record *)slot->record);
	rules_tell(slot, of->told, of->done);
}

uint64_t rules_delay(unsigned int vcpu)
{
	uint64_t delay = vcpus[vcpu].delay;

	vcpus[vcpu].delay = 0;
	return delay;
}

int rules_answer(unsigned int vcpu, uint64_t *result)
{
	const struct rules_rule *rule = vcpus[vcpu].answers;

	if (rule)
		*result = rule->result;
	return rule != NULL;
}
