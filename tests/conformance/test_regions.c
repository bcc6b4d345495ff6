/* SPDX-License-Identifier: BSD-3-Clause */
/* A VM's memory: what can be mapped, protected, and copied from and to. */
#include "service_vm.h"

static void regions_in_and_around_holes(void **unused)
{
	(void)unused;
	bring_vm_to(ACRN_VM_CREATED);
	assert_int_equal(set_region(1, ACRN_MR_ADD, 0x1000000, 0x11000000, 0x1000), INVALID);
	assert_int_equal(set_region(1, ACRN_MR_ADD, 0x1000000, 0x163ff000, 0x1000), INVALID);
	assert_int_equal(set_region(1, ACRN_MR_ADD, 0x1000000, 0x16400000, 0x1000), 0);
	assert_int_equal(set_region(1, ACRN_MR_ADD, 0x2000000, 0x10e00000, 0x400000), INVALID);
	assert_int_equal(set_region(1, ACRN_MR_ADD, 0x3000000, 0x10fff000, 0x2000), 0);
	assert_int_equal(translate(1, 0x3001234), 0x11000234);
	assert_int_equal(set_region(1, ACRN_MR_ADD, 0x4000000, 0x100000000, 0x1000), INVALID);
	assert_int_equal(set_region(1, ACRN_MR_ADD, 0x4000000, 0x100000000, 0), 0);
	assert_int_equal(set_region(1, ACRN_MR_ADD, 0x4000000, RAM, 0x1800), INVALID);
	assert_int_equal(set_region(1, ACRN_MR_DELETE, 0x4000000, RAM, 0x1000), INVALID);
	assert_int_equal(set_region(1, ACRN_MR_MODIFY, 0, RAM, 0x1000), 0);
	assert_int_equal(translate(1, 0), ACRN_INVALID_HPA);
	assert_int_equal(set_region(1, 77, 0x1000, RAM, 0x1000), 0);
	assert_int_equal(translate(1, 0x1000), ACRN_INVALID_HPA);
	assert_int_equal(set_region(1, ACRN_MR_ADD, 0, RAM, UINT64_C(0xfffffffffffff000)), INVALID);
	assert_int_equal(set_region(1, ACRN_MR_ADD, 0x1000, RAM, UINT64_C(0xfffffffffffff000)), 0);
}

static void what_is_mapped_stays(void **unused)
{
	(void)unused;
	bring_vm_to(ACRN_VM_CREATED);
	assert_int_equal(set_region(1, ACRN_MR_ADD, 0x80000, RAM + 0x200000, 0x100000), 0);
	assert_int_equal(translate(1, 0xfffff), RAM + 0xfffff);
	assert_int_equal(translate(1, 0x100000), RAM + 0x280000);
	assert_int_equal(translate(1, 0x17ffff), RAM + 0x2fffff);
	assert_int_equal(translate(1, 0x180000), ACRN_INVALID_HPA);
}

static void misaligned_is_rounded_up(void **unused)
{
	(void)unused;
	bring_vm_to(ACRN_VM_CREATED);
	assert_int_equal(set_region(1, ACRN_MR_ADD, 0x200800, RAM + 0x10001, 0x2000), 0);
	assert_int_equal(translate(1, 0x200fff), ACRN_INVALID_HPA);
	assert_int_equal(translate(1, 0x201000), RAM + 0x11000);
	assert_int_equal(translate(1, 0x202fff), RAM + 0x12fff);
	assert_int_equal(translate(1, 0x203000), ACRN_INVALID_HPA);
}

static int32_t many(uint32_t count, uint64_t at)
{
	struct set_regions request = {.vmid = 1, .mr_num = count, .regions_gpa = at};

	put(REGIONS, &request, sizeof(request));
	return call(0x42, REGIONS, 0);
}

static void regions_apply_in_part(void **unused)
{
	struct vm_memory_region region = {
		.prot = ACRN_MEM_READ, .gpa = 0x400000, .service_vm_gpa = RAM, .size = 0x1000};
	const uint64_t last = 0x11000000 - sizeof(region);

	(void)unused;
	bring_vm_to(ACRN_VM_CREATED);
	put(last, &region, sizeof(region));
	assert_int_equal(many(2, last), 0);
	assert_int_equal(translate(1, 0x400000), RAM);
	assert_int_equal(many(1, last + 1), FAILED);
	assert_int_equal(many(0, last), FAILED);
	region.size = 1;
	put(last, &region, sizeof(region));
	region.size = 0x1000;
	region.gpa = 0x500000;
	put(last - sizeof(region), &region, sizeof(region));
	assert_int_equal(many(UINT32_MAX, last - sizeof(region)), INVALID);
	assert_int_equal(translate(1, 0x500000), RAM);
}

static void write_protection(void **unused)
{
	struct wp_data page = {.set = 1, .gpa = 0x3000};

	(void)unused;
	bring_vm_to(ACRN_VM_CREATED);
	put(ARGUMENT, &page, sizeof(page));
	assert_int_equal(call(0x43, 1, ARGUMENT), 0);
	assert_int_equal(translate(1, 0x3000), RAM + 0x3000);
	page.gpa = 0x3001;
	put(ARGUMENT, &page, sizeof(page));
	assert_int_equal(call(0x43, 1, ARGUMENT), INVALID);
	page.gpa = 0x200000;
	put(ARGUMENT, &page, sizeof(page));
	assert_int_equal(call(0x43, 1, ARGUMENT), INVALID);
	assert_int_equal(set_region(1, ACRN_MR_ADD, 0x600000, 0x10fff000, 0x2000), 0);
	page.gpa = 0x601000;
	put(ARGUMENT, &page, sizeof(page));
	assert_int_equal(call(0x43, 1, ARGUMENT), INVALID);
}

static void what_can_be_copied_is(void **unused)
{
	uint8_t byte;

	(void)unused;
	power_on();
	put(0x10fffffc, "\xee\xee\xee\xee", 4);
	assert_int_equal(call(0x00, 0x10fffffc, 0), INVALID);
	get(0x10fffffc, &byte, 1);
	assert_int_equal(byte, 1);
	assert_int_equal(call(0x00, UINT64_C(0x1000000000000) + ARGUMENT, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(regions_in_and_around_holes),
		TEST(what_is_mapped_stays),
		TEST(misaligned_is_rounded_up),
		TEST(regions_apply_in_part),
		TEST(write_protection),
		TEST(what_can_be_copied_is),
	};

	return cmocka_run_group_tests(tests, NULL, forget_memory);
}
