/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Each VM's nested page tables, as a list of ranges instead of tables. What a guest can tell from
 * the outside is kept: addresses count modulo 2^48; a page that is mapped stays as it is when it is
 * mapped again; 2 MiB pages arise where address, target and size allow, and are split when a part
 * of one is changed; and a range is found mapped by looking at one address a page, so that it may
 * run a little into a hole. Not kept: an emptied page table, which in ACRN forces small pages until
 * it is freed.
 *
 * The ranges come from one pool for all VMs. When it is empty a call that needs one more answers
 * -ENOMEM.
 *
 * Source: arch/x86/pagetable.c, arch/x86/guest/ept.c and common/hypercall.c of ACRN. Its qemu board
 * has no 1 GiB pages.
 */
#include "model_ranges.h"

#define ADDRESS_MASK ((UINT64_C(1) << 48) - 1)
#define LONGEST	     (UINT64_C(1) << 39) /* what ACRN has page tables for; more crashes it */

static uint64_t round_up(uint64_t value, uint64_t page)
{
	return (value + page - 1) & ~(page - 1);
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void model_map_init(struct acrn_model *model)
{
	for (uint16_t i = 0; i < MODEL_MAP_RANGES; i++)
		model->range[i].next = (uint16_t)(i + 1);
	model->range[MODEL_MAP_RANGES - 1].next = NO_RANGE;
	model->free_range = 0;
	for (size_t i = 0; i < ACRN_MAX_VMS; i++)
		model->vm[i].first_range = NO_RANGE;
}

void model_map_clear(struct acrn_model *model, struct model_vm *vm)
{
	while (vm->first_range != NO_RANGE)
		range_release(model, &vm->first_range);
}

uint64_t model_map_find(struct acrn_model *model, struct model_vm *vm, uint64_t gpa)
{
	const struct model_range *range;

	gpa &= ADDRESS_MASK;
	range = range_at(model, range_after(model, &vm->first_range, gpa));
	if (!range || range->gpa > gpa || !range->access)
		return ACRN_INVALID_HPA;
	return range->hpa + (gpa - range->gpa);
}

/*
 * Looks at one address in each page, the first being `gpa` and the next always as far away as the
 * page is large. A range that ends beyond 2^64 is not looked at.
 */
bool model_map_covers(struct acrn_model *model, struct model_vm *vm, uint64_t gpa, uint64_t size)
{
	uint64_t left = gpa + size < gpa ? 0 : size;
	uint16_t *place = &vm->first_range;

	while (left) {
		const struct model_range *range;
		uint64_t step;

		gpa &= ADDRESS_MASK;
		if (*place != NO_RANGE && gpa < range_at(model, place)->gpa)
			place = &vm->first_range;
		place = range_after(model, place, gpa);
		range = range_at(model, place);
		if (!range || range->gpa > gpa || !range->access)
			return false;
		step = round_up(range_end(range) - gpa, range->large ? PAGE_2M : PAGE_4K);
		gpa += step;
		left -= least(left, step);
	}
	return true;
}

/*
 * Maps the first part of `want` that can be treated alike and says how long it is: what is mapped
 * is passed over; else as many large pages as fit, if any; else small ones, to the end of the 2 MiB
 * slot if large ones could follow there. *place is moved on.
 */
static bool add_part(struct acrn_model *model, uint16_t **place, struct model_range want,
		     uint64_t *part)
{
	const struct model_range *next;
	uint64_t end = range_end(&want);

	*place = range_after(model, *place, want.gpa);
	next = range_at(model, *place);
	if (next && next->gpa <= want.gpa) {
		*part = least(end, range_end(next)) - want.gpa;
		return true;
	}
	if (next)
		end = least(end, next->gpa);
	want.large = !((want.gpa | want.hpa) & (PAGE_2M - 1)) && end - want.gpa >= PAGE_2M;
	if (want.large)
		end &= ~(PAGE_2M - 1);
	else if (!((want.gpa ^ want.hpa) & (PAGE_2M - 1)))
		end = least(end, round_up(want.gpa + 1, PAGE_2M));
	want.size = *part = end - want.gpa;
	return (!want.access && !want.large) || range_insert(model, *place, want);
}

static int32_t add(struct acrn_model *model, struct model_vm *vm, struct model_range want)
{
	uint16_t *place = &vm->first_range;
	int32_t result = 0;

	while (want.size && !result) {
		uint64_t part = 0;

		if (!add_part(model, &place, want, &part))
			result = -ACRN_ENOMEM;
		want.gpa += part;
		want.hpa += part;
		want.size -= part;
	}
	range_merge(model, vm);
	return result;
}

/*
 * The pages that ACRN means by a range of addresses, from `gpa` on for `size`: none if they end
 * beyond 2^64. false if they are more than it could ever map.
 */
static bool pages_of(uint64_t *gpa, uint64_t *size)
{
	*gpa = round_up(*gpa, PAGE_4K);
	*size &= ~(PAGE_4K - 1);
	if (*gpa + *size < *gpa)
		*size = 0;
	*gpa &= ADDRESS_MASK;
	return *size <= LONGEST;
}

int32_t model_map_add(struct acrn_model *model, struct model_vm *vm, uint64_t hpa, uint64_t gpa,
		      uint64_t size, uint8_t access)
{
	struct model_range want = {.access = access};
	int32_t result;

	if (!pages_of(&gpa, &size))
		return -ACRN_EINVAL;
	want.gpa = gpa;
	want.hpa = round_up(hpa, PAGE_4K) & ADDRESS_MASK;
	want.size = least(size, ADDRESS_MASK + 1 - gpa);
	result = add(model, vm, want);
	if (result || want.size == size)
		return result;
	want.hpa += want.size;
	want.gpa = 0;
	want.size = size - want.size;
	return add(model, vm, want);
}

/* Gives the mapped pages of [gpa, end) another access, or unmaps them. */
static int32_t change(struct acrn_model *model, struct model_vm *vm, uint64_t gpa, uint64_t end,
		      uint8_t set, uint8_t clear, bool unmap)
{
	uint16_t *place;

	if (gpa == end)
		return 0;
	if (!range_cut(model, vm, gpa) || !range_cut(model, vm, end))
		return -ACRN_ENOMEM;
	place = range_after(model, &vm->first_range, gpa);
	while (*place != NO_RANGE && range_at(model, place)->gpa < end) {
		struct model_range *range = range_at(model, place);
		bool mapped = range->access;

		if (mapped)
			range->access = (uint8_t)((range->access & ~clear) | set);
		if (mapped && (unmap || (!range->access && !range->large)))
			range_release(model, place);
		else
			place = &range->next;
	}
	range_merge(model, vm);
	return 0;
}

static int32_t change_range(struct acrn_model *model, struct model_vm *vm, uint64_t gpa,
			    uint64_t size, uint8_t set, uint8_t clear, bool unmap)
{
	uint64_t first;
	int32_t result;

	if (!pages_of(&gpa, &size))
		return -ACRN_EINVAL;
	first = least(size, ADDRESS_MASK + 1 - gpa);
	result = change(model, vm, gpa, gpa + first, set, clear, unmap);
	if (result)
		return result;
	return change(model, vm, 0, size - first, set, clear, unmap);
}

int32_t model_map_remove(struct acrn_model *model, struct model_vm *vm, uint64_t gpa, uint64_t size)
{
	return change_range(model, vm, gpa, size, 0, 0, true);
}

int32_t model_map_protect(struct acrn_model *model, struct model_vm *vm, uint64_t gpa,
			  uint64_t size, uint8_t set, uint8_t clear)
{
	return change_range(model, vm, gpa, size, set, clear, false);
}
