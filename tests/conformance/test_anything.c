/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls with anything at all as number, arguments and memory, under the sanitizers. */
#include "service_vm.h"

static uint64_t seed = 88172645463325252u;

static uint64_t any(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* A number that is likely to mean something. */
static uint64_t likely(void)
{
	static const uint64_t values[] = {CREATION, POINTER,  IOREQS, REGS,    REGIONS,
					  REGION,   ARGUMENT, RAM,    0x18,    0x28,
					  UNMAPPED, NOWHERE,  0x1000, 0x200000};

	switch (any() % 4) {
	case 0:
		return any();
	case 1:
		return any() % 18;
	default:
		return values[any() % (sizeof(values) / sizeof(*values))];
	}
}

/* An answer of -1 has a reason, and success has none. */
static void check_reason(uint64_t rax)
{
	const char *why = acrn_model_reason(&model).text;

	if (rax == UINT64_MAX)
		assert_non_null(why);
	if (!(rax >> 63))
		assert_null(why);
}

/* The sanitizers this is built with, and the end of the loop, are the test; and the reasons. */
static void anything_at_all(void **unused)
{
	(void)unused;
	machine.trusty_vms = 2;
	for (int i = 0; i < 60000; i++) {
		struct acrn_vmcall call = {.vm = any() % 4 ? 0 : (uint16_t)(any() % 18),
					   .cpl = any() % 8 == 0};
		uint64_t rax, value = likely();

		if (i % 2000 == 0)
			power_on();
		put(BASE + any() % 0x9000 / 8 * 8, &value, sizeof(value));
		if (any() % 8 == 0) {
			uint16_t vm;

			create(any() % 2 ? "POST_STD_VM1" : "dyn", any() % 4 ? 0 : any(),
			       any() % 16, &vm);
			acrn_model_set_vm_flags(&model, (uint16_t)(any() % 16), any() % 2048);
		}
		call.number = 0x80000000 | any() % 0x92;
		call.argument[0] = likely();
		call.argument[1] = likely();
		if (acrn_model_vmcall(&model, &call, &rax) == ACRN_RETURNED)
			check_reason(rax);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(anything_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, forget_memory);
}
