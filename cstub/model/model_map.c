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
#include "model_internal.h"

#define NONE	     UINT16_MAX
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

static uint64_t end_of(const struct model_range *range)
{
	return range->gpa + range->size;
}

/* Where the list has the first range that ends after gpa: the link to it, which may hold NONE. */
static uint16_t *link_after(struct acrn_model *model, struct model_vm *vm, uint64_t gpa)
{
	uint16_t *link = &vm->first_range;

	while (*link != NONE && end_of(&model->range[*link]) <= gpa)
		link = &model->range[*link].next;
	return link;
}

/* The range that gpa is in, or NULL. */
static const struct model_range *range_at(const struct acrn_model *model, const struct model_vm *vm,
					  uint64_t gpa)
{
	for (uint16_t i = vm->first_range; i != NONE; i = model->range[i].next)
		if (end_of(&model->range[i]) > gpa)
			return model->range[i].gpa <= gpa ? &model->range[i] : NULL;
	return NULL;
}

static void release(struct acrn_model *model, uint16_t *link)
{
	uint16_t i = *link;

	*link = model->range[i].next;
	model->range[i].next = model->free_range;
	model->free_range = i;
}

static bool insert(struct acrn_model *model, uint16_t *link, struct model_range range)
{
	uint16_t i = model->free_range;

	if (i == NONE)
		return false;
	model->free_range = model->range[i].next;
	range.next = *link;
	model->range[i] = range;
	*link = i;
	return true;
}

/* Whether b continues a, so that one range can stand for both. */
static bool continues(const struct model_range *a, const struct model_range *b)
{
	return end_of(a) == b->gpa && a->hpa + a->size == b->hpa && a->access == b->access &&
	       a->large == b->large;
}

static void merge(struct acrn_model *model, struct model_vm *vm)
{
	uint16_t i = vm->first_range;

	while (i != NONE && model->range[i].next != NONE) {
		struct model_range *range = &model->range[i];

		if (continues(range, &model->range[range->next])) {
			range->size += model->range[range->next].size;
			release(model, &range->next);
		} else {
			i = range->next;
		}
	}
}

void model_map_init(struct acrn_model *model)
{
	for (uint32_t i = 0; i < MODEL_MAP_RANGES; i++)
		model->range[i].next = i + 1 < MODEL_MAP_RANGES ? (uint16_t)(i + 1) : NONE;
	model->free_range = 0;
	for (size_t i = 0; i < ACRN_MAX_VMS; i++)
		model->vm[i].first_range = NONE;
}

void model_map_clear(struct acrn_model *model, struct model_vm *vm)
{
	while (vm->first_range != NONE)
		release(model, &vm->first_range);
}

uint64_t model_map_find(const struct acrn_model *model, const struct model_vm *vm, uint64_t gpa,
			uint64_t *page)
{
	const struct model_range *range = range_at(model, vm, gpa & ADDRESS_MASK);

	if (!range || !range->access)
		return ACRN_INVALID_HPA;
	if (page)
		*page = range->large ? PAGE_2M : PAGE_4K;
	return range->hpa + ((gpa & ADDRESS_MASK) - range->gpa);
}

bool model_map_covers(const struct acrn_model *model, const struct model_vm *vm, uint64_t gpa,
		      uint64_t size)
{
	uint64_t end = gpa + size; /* may wrap: then nothing is looked at, as in ACRN */

	while (gpa < end) {
		const struct model_range *range = range_at(model, vm, gpa & ADDRESS_MASK);
		uint64_t page, left;

		if (!range || !range->access)
			return false;
		page = range->large ? PAGE_2M : PAGE_4K;
		left = least(end_of(range) - (gpa & ADDRESS_MASK), end - gpa);
		if (gpa + round_up(left, page) < gpa)
			return true;
		gpa += round_up(left, page);
	}
	return true;
}

/* Makes the large page around gpa small ones, so that it can be changed in part. */
static bool shatter(struct acrn_model *model, uint16_t *link, uint64_t gpa)
{
	struct model_range *range = &model->range[*link];
	uint64_t before = (gpa & ~(PAGE_2M - 1)) - range->gpa;
	struct model_range page = {
		range->gpa + before, range->hpa + before, PAGE_2M, range->access, false, NONE};
	struct model_range rest = {page.gpa + PAGE_2M,
				   page.hpa + PAGE_2M,
				   range->size - before - PAGE_2M,
				   range->access,
				   true,
				   NONE};

	if (rest.size && !insert(model, &range->next, rest))
		return false;
	if (!before) {
		range->size = PAGE_2M;
		range->large = false;
		return true;
	}
	range->size = before;
	return insert(model, &range->next, page);
}

/* Cuts the range that gpa is inside of in two; false if the pool is empty. */
static bool cut(struct acrn_model *model, struct model_vm *vm, uint64_t gpa)
{
	uint16_t *link = link_after(model, vm, gpa);
	struct model_range *range = *link == NONE ? NULL : &model->range[*link];
	struct model_range tail;

	if (!range || range->gpa >= gpa || !range->access)
		return true;
	if (range->large && gpa & (PAGE_2M - 1)) {
		if (!shatter(model, link, gpa))
			return false;
		return cut(model, vm, gpa);
	}
	tail = *range;
	tail.gpa += gpa - range->gpa;
	tail.hpa += gpa - range->gpa;
	tail.size -= gpa - range->gpa;
	range->size = gpa - range->gpa;
	return insert(model, &range->next, tail);
}

/* Whether the 2 MiB slot at `slot` has a page table already: then it is filled with small pages. */
static bool has_small_pages(struct acrn_model *model, struct model_vm *vm, uint64_t slot)
{
	uint16_t i = *link_after(model, vm, slot);

	return i != NONE && model->range[i].gpa < slot + PAGE_2M;
}

/*
 * Maps the first part of `want` that can be treated alike and says how long it is: what is mapped
 * is passed over; else as many large pages as fit, if any; else small ones to the end of the 2 MiB
 * slot.
 */
static bool add_part(struct acrn_model *model, struct model_vm *vm, struct model_range want,
		     uint64_t *part)
{
	uint16_t *link = link_after(model, vm, want.gpa);
	const struct model_range *next = *link == NONE ? NULL : &model->range[*link];
	uint64_t slot = want.gpa & ~(PAGE_2M - 1);
	uint64_t end = end_of(&want);

	if (next && next->gpa <= want.gpa) {
		*part = least(end, end_of(next)) - want.gpa;
		return true;
	}
	want.large = !((want.gpa | want.hpa) & (PAGE_2M - 1)) && end - slot >= PAGE_2M &&
		     !has_small_pages(model, vm, slot);
	if (next)
		end = least(end, next->gpa);
	end = want.large ? end & ~(PAGE_2M - 1) : least(end, slot + PAGE_2M);
	want.size = *part = end - want.gpa;
	return (!want.access && !want.large) || insert(model, link, want);
}

static int32_t add(struct acrn_model *model, struct model_vm *vm, struct model_range want)
{
	int32_t result = 0;

	while (want.size && !result) {
		uint64_t part = 0;

		if (!add_part(model, vm, want, &part))
			result = -ACRN_ENOMEM;
		want.gpa += part;
		want.hpa += part;
		want.size -= part;
	}
	merge(model, vm);
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
	uint16_t *link;

	if (gpa == end)
		return 0;
	if (!cut(model, vm, gpa) || !cut(model, vm, end))
		return -ACRN_ENOMEM;
	link = link_after(model, vm, gpa);
	while (*link != NONE && model->range[*link].gpa < end) {
		struct model_range *range = &model->range[*link];
		bool mapped = range->access;

		if (mapped)
			range->access = (uint8_t)((range->access & ~clear) | set);
		if (mapped && (unmap || (!range->access && !range->large)))
			release(model, link);
		else
			link = &range->next;
	}
	merge(model, vm);
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
