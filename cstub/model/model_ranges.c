/* SPDX-License-Identifier: BSD-3-Clause */
#include "model_ranges.h"

uint16_t *range_after(struct acrn_model *model, uint16_t *place, uint64_t gpa)
{
	while (*place != NO_RANGE && range_end(&model->range[*place]) <= gpa)
		place = &model->range[*place].next;
	return place;
}

bool range_insert(struct acrn_model *model, uint16_t *place, struct model_range range)
{
	uint16_t i = model->free_range;

	if (i == NO_RANGE)
		return false;
	model->free_range = model->range[i].next;
	range.next = *place;
	model->range[i] = range;
	*place = i;
	return true;
}

void range_release(struct acrn_model *model, uint16_t *place)
{
	uint16_t i = *place;

	*place = model->range[i].next;
	model->range[i].next = model->free_range;
	model->free_range = i;
}

/* Cuts a range at an offset into it, a multiple of its pages. */
static bool split(struct acrn_model *model, struct model_range *range, uint64_t offset)
{
	struct model_range tail = *range;

	if (!offset || offset == range->size)
		return true;
	tail.gpa += offset;
	tail.hpa += offset;
	tail.size -= offset;
	if (!range_insert(model, &range->next, tail))
		return false;
	range->size = offset;
	return true;
}

/* Makes small pages of the one large page that gpa is in. */
static bool shatter(struct acrn_model *model, struct model_range *range, uint64_t gpa)
{
	uint64_t before = (gpa & ~(PAGE_2M - 1)) - range->gpa;

	if (!split(model, range, before))
		return false;
	if (before)
		range = &model->range[range->next];
	if (!split(model, range, PAGE_2M))
		return false;
	range->large = false;
	return true;
}

bool range_cut(struct acrn_model *model, struct model_vm *vm, uint64_t gpa)
{
	struct model_range *range = range_at(model, range_after(model, &vm->first_range, gpa));

	if (!range || range->gpa >= gpa)
		return true;
	if (range->large && gpa & (PAGE_2M - 1)) {
		if (!shatter(model, range, gpa))
			return false;
		range = range_at(model, range_after(model, &vm->first_range, gpa));
	}
	return split(model, range, gpa - range->gpa);
}

static bool continues(const struct model_range *first, const struct model_range *second)
{
	return range_end(first) == second->gpa && first->hpa + first->size == second->hpa &&
	       first->access == second->access && first->large == second->large;
}

void range_merge(struct acrn_model *model, struct model_vm *vm)
{
	struct model_range *range = range_at(model, &vm->first_range);

	while (range && range->next != NO_RANGE) {
		struct model_range *next = &model->range[range->next];

		if (continues(range, next)) {
			range->size += next->size;
			range_release(model, &range->next);
		} else {
			range = next;
		}
	}
}
