/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The model's memory maps, range by range, against page tables kept page by page: random regions
 * are mapped, unmapped and protected in both, and every page must then look the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "model_internal.h"

#define PAGES  4096u /* 16 MiB of guest-physical memory */
#define SLOT   512u  /* pages in a large one */
#define ROUNDS 60
#define STEPS  400

struct page {
	uint64_t hpa;
	uint8_t access;
	bool there, large;
};

static struct page table[PAGES];
static struct acrn_model model;
static struct model_vm *const vm = &model.vm[1];

/* xorshift: the same tests each time. */
static uint32_t state = 2463534242u;

static uint32_t any(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % below;
}

static bool slot_is_empty(uint32_t slot)
{
	for (uint32_t i = 0; i < SLOT; i++)
		if (table[slot * SLOT + i].there)
			return false;
	return true;
}

static void naive_add(uint64_t hpa, uint32_t first, uint32_t count, uint8_t access)
{
	for (uint32_t i = first; i < first + count; i++, hpa += PAGE_4K) {
		bool large = i % SLOT == 0 && !(hpa & (PAGE_2M - 1)) && first + count - i >= SLOT &&
			     slot_is_empty(i / SLOT);

		for (uint32_t j = 0; large && j < SLOT; j++)
			table[i + j] = (struct page){hpa + j * PAGE_4K, access, true, true};
		if (!table[i].there && access)
			table[i] = (struct page){hpa, access, true, false};
	}
}

/* A large page that is changed in part becomes small ones first. */
static void naive_shatter(uint32_t first, uint32_t count)
{
	for (uint32_t slot = first / SLOT; slot * SLOT < first + count; slot++) {
		bool whole = slot * SLOT >= first && (slot + 1) * SLOT <= first + count;

		for (uint32_t i = slot * SLOT; !whole && i < (slot + 1) * SLOT; i++)
			if (table[i].access)
				table[i].large = false;
	}
}

static void naive_change(uint32_t first, uint32_t count, uint8_t set, uint8_t clear, bool unmap)
{
	naive_shatter(first, count);
	for (uint32_t i = first; i < first + count; i++) {
		struct page *page = &table[i];

		if (!page->access)
			continue;
		page->access = (uint8_t)((page->access & ~clear) | set);
		if (unmap || (!page->access && !page->large))
			*page = (struct page){0};
	}
}

static bool naive_covers(uint32_t first, uint32_t count)
{
	for (uint32_t i = first; i < first + count; i += table[i].large ? SLOT : 1)
		if (i >= PAGES || !table[i].access)
			return false;
	return true;
}

static void step(void)
{
	uint32_t first = any(PAGES), count = any(any(3) ? 40 : 2 * SLOT + 2);
	uint64_t hpa = UINT64_C(0x40000000) + (any(2) ? first : any(PAGES)) * PAGE_4K;
	uint8_t access = (uint8_t)any(8);
	uint32_t kind = any(8);

	if (!any(3)) {
		first -= first % SLOT;
		count -= any(2) ? count % SLOT : 0;
	}
	if (first + count > PAGES)
		count = PAGES - first;
	if (kind < 4) {
		naive_add(hpa, first, count, access);
		assert_int_equal(
			model_map_add(&model, vm, hpa, first * PAGE_4K, count * PAGE_4K, access),
			0);
	} else if (kind < 7) {
		naive_change(first, count, 0, 0, true);
		assert_int_equal(model_map_remove(&model, vm, first * PAGE_4K, count * PAGE_4K), 0);
	} else {
		uint8_t set = (uint8_t)any(8), clear = (uint8_t)any(8);

		naive_change(first, count, set, clear, false);
		assert_int_equal(
			model_map_protect(&model, vm, first * PAGE_4K, count * PAGE_4K, set, clear),
			0);
	}
}

static void compare(void)
{
	for (uint32_t i = 0; i < PAGES; i++) {
		uint64_t expected = table[i].access ? table[i].hpa : ACRN_INVALID_HPA;

		assert_int_equal(model_map_find(&model, vm, i * PAGE_4K), expected);
	}
	for (uint32_t i = 0; i < 200; i++) {
		uint32_t first = any(PAGES), count = any(3 * SLOT);

		assert_int_equal(model_map_covers(&model, vm, first * PAGE_4K, count * PAGE_4K),
				 naive_covers(first, count));
	}
}

static void maps_are_page_tables(void **unused)
{
	(void)unused;
	for (int round = 0; round < ROUNDS; round++) {
		memset(table, 0, sizeof(table));
		model_map_init(&model);
		for (int i = 0; i < STEPS; i++) {
			step();
			if (i % 50 == 0)
				compare();
		}
		compare();
	}
}

static void addresses_count_modulo_2_to_48(void **unused)
{
	const uint64_t turn = UINT64_C(1) << 48;

	(void)unused;
	model_map_init(&model);
	assert_int_equal(model_map_add(&model, vm, 0x5000, turn - PAGE_4K, 2 * PAGE_4K, 7), 0);
	assert_int_equal(model_map_find(&model, vm, turn - 1), 0x5fff);
	assert_int_equal(model_map_find(&model, vm, 3 * turn + 1), 0x6001);
	assert_true(model_map_covers(&model, vm, 7 * turn - PAGE_4K, 2 * PAGE_4K));
	assert_false(model_map_covers(&model, vm, 7 * turn - PAGE_4K, 3 * PAGE_4K));
	assert_int_equal(model_map_remove(&model, vm, turn - PAGE_4K, 2 * PAGE_4K), 0);
	assert_int_equal(model_map_find(&model, vm, 0), ACRN_INVALID_HPA);
}

static void ranges_beyond_reason(void **unused)
{
	(void)unused;
	model_map_init(&model);
	assert_int_equal(model_map_add(&model, vm, 0, 0, UINT64_C(0xfffffffffffff000), 7),
			 -ACRN_EINVAL);
	assert_int_equal(model_map_add(&model, vm, 0, PAGE_4K, UINT64_C(0xfffffffffffff000), 7), 0);
	assert_int_equal(model_map_find(&model, vm, PAGE_4K), ACRN_INVALID_HPA);
	assert_true(model_map_covers(&model, vm, PAGE_4K, UINT64_C(0xfffffffffffff000)));
}

/* Every other page, so that no two ranges are one: the pool must end in an error, not elsewhere. */
static void a_full_pool_is_an_error(void **unused)
{
	uint64_t page = 0;
	int32_t result = 0;

	(void)unused;
	model_map_init(&model);
	for (; !result && page < 2 * MODEL_MAP_RANGES; page++)
		result = model_map_add(&model, vm, 0, 2 * page * PAGE_4K, PAGE_4K, 7);
	assert_int_equal(result, -ACRN_ENOMEM);
	assert_int_equal(page, MODEL_MAP_RANGES + 1);
	assert_int_equal(model_map_remove(&model, vm, 0, PAGE_4K), 0);
	assert_int_equal(model_map_add(&model, vm, 0, PAGE_2M * 1000, PAGE_4K, 7), 0);
	model_map_clear(&model, vm);
	assert_int_equal(model_map_find(&model, vm, 2 * PAGE_4K), ACRN_INVALID_HPA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maps_are_page_tables),
		cmocka_unit_test(addresses_count_modulo_2_to_48),
		cmocka_unit_test(ranges_beyond_reason),
		cmocka_unit_test(a_full_pool_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
