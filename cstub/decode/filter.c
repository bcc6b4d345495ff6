/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Selects calls: whether each of the conditions holds.
 */
#include "filter.h"

#include <string.h>

enum { FAILED = 1, SUCCESSFUL, UNFINISHED }; /* numbers of CONDITION_STATUS */

/* A call had a value. */
static int see(const struct condition *condition, uint32_t value)
{
	if (condition->seen)
		condition->seen[value] = 1;
	return 1;
}

static int has_number(const struct condition *condition, uint64_t number)
{
	for (uint32_t i = 0; i < condition->numbers; i++)
		if (condition->number[i] == number)
			return see(condition, i);
	return 0;
}

static int has_text(const struct condition *condition, struct table_text text)
{
	for (uint32_t i = 0; text.text && i < condition->texts; i++)
		if (strlen(condition->text[i]) == text.length &&
		    !memcmp(condition->text[i], text.text, text.length))
			return see(condition, i);
	return 0;
}

static int has_range(const struct condition *condition, uint32_t abi, uint64_t number)
{
	for (uint32_t i = 0; i < condition->ranges; i++) {
		const struct call_range *range = &condition->range[i];

		if (range->abi == abi && range->first <= number && number <= range->last)
			return 1;
	}
	return 0;
}

static int has_call(const struct condition *condition, const struct call *call)
{
	uint64_t number = call->record->number;

	if (has_range(condition, call->abi, number))
		return 1;
	return call->entry == TABLE_NONE && condition->has_unknown &&
	       condition->has_unknown(call->abi, number);
}

static int has_status(const struct condition *condition, const struct call *call)
{
	if (call_failed(call))
		return has_number(condition, FAILED);
	if (call->status == CALL_RETURNED)
		return has_number(condition, SUCCESSFUL);
	return call->status == CALL_UNFINISHED && has_number(condition, UNFINISHED);
}

static int has_finding(const struct condition *condition, const struct finding *finding)
{
	for (; finding; finding = finding->next)
		for (uint32_t i = 0; i < condition->texts; i++)
			if (!strcmp(condition->text[i], finding->kind))
				return 1;
	return 0;
}

static int holds(const struct condition *condition, const struct call *call,
		 const struct finding *more)
{
	switch (condition->kind) {
	case CONDITION_CALL:
		return has_call(condition, call);
	case CONDITION_STATUS:
		return has_status(condition, call);
	case CONDITION_VCPU:
		return call->record->vcpu != HYPERCALL_UNKNOWN32 &&
		       has_number(condition, call->record->vcpu);
	case CONDITION_SITE:
		return call->has_place && has_text(condition, call->place.function);
	case CONDITION_FINDING:
		return has_finding(condition, call->findings) || has_finding(condition, more);
	default:
		return 0;
	}
}

int filter_selects(const struct condition *conditions, uint32_t count, const struct call *call,
		   const struct finding *more)
{
	int is_selected = 1;

	for (uint32_t i = 0; i < count; i++) /* each is asked, for what it has seen */
		if (holds(&conditions[i], call, more) == !!conditions[i].is_negated)
			is_selected = 0;
	return is_selected;
}
