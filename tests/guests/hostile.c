/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that means no good: counts that no memory holds, pointers to themselves and to nowhere,
 * names that would command a terminal, registers full of garbage, and a secret that no trace may
 * show. Each call is one line: CALL, then number, arguments and result, then the bytes of a name if
 * it has one.
 */
#include "guest.h"

#include "fill.h"
#include "machine.h"
#include "scattered.h"

#define TOP	   0xfffffffffffffff8ul
#define GARBAGE	   0xa5c3f00dbaadcafeul
#define NR(name)   ((unsigned long)ACRN_NR_##name)
#define MOST_BYTES 0x2000

static void call(uint64_t nr, uint64_t rdi, uint64_t rsi, const void *name, unsigned size)
{
	const uint8_t *byte = name;
	long ret = acrn_hypercall2(nr, rdi, rsi);

	print("CALL %#lx %#lx %#lx %ld ", nr, rdi, rsi, ret);
	while (size--)
		print("%02x", *byte++);
	print("\n");
}

static const char names[][ACRN_VM_NAME_LENGTH] = {
	"\033]0;owned\007",
	"\033[2J\033[31mred",
	"two\nlines",
	"over\rwritten",
	"\x9b"
	"31mC1", /* CSI as a single byte, no UTF-8 */
	"\xc2\x9b"
	"31mC1", /* and as the character */
	"\xe2\x80\xae"
	"txt.exe", /* right to left */
	"\xff\xfe\x80\xc0\xaf",
	"\"} = 0 at x\\",
	"\t\v\f\b\x7f%s%n",
	"not ended by NUL",
	"",
};

static void make_with_names(void)
{
	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct acrn_vm_creation creation = {.vm_flag = ~0ul};
		struct acrn_mmiodev mmio = {.res = {{~0ul, ~0ul, ~0ul, ~0ul}}};
		struct acrn_vdev virtual = {.slot = TOP};

		memcpy(creation.name, names[i], sizeof(creation.name));
		memcpy(mmio.name, names[i], sizeof(mmio.name));
		memcpy(virtual.args, names[i], sizeof(names[i]));
		call(NR(create_vm), place(&shape_acrn_vm_creation, &creation), 0, names[i],
		     sizeof(names[i]));
		call(NR(assign_mmiodev), 0, place(&shape_acrn_mmiodev, &mmio), names[i],
		     sizeof(mmio.name));
		call(NR(add_vdev), 0, place(&shape_acrn_vdev, &virtual), names[i],
		     sizeof(names[i]));
		placements_clear();
	}
}

/* Each structure that has a pointer, pointing at itself. */
static void make_with_cycles(void)
{
	static uint8_t page[MOST_BYTES / 2];
	uint64_t gpa = SCATTERED + 0x1000;
	struct set_regions regions = {.mr_num = UINT32_MAX, .regions_gpa = gpa};
	struct acrn_sbuf_param sbuf = {.gpa = gpa};

	for (unsigned i = 0; i < sizeof(page) / sizeof(gpa); i++)
		memcpy(page + i * sizeof(gpa), &gpa, sizeof(gpa));
	place_at(gpa, &shape_acrn_io_request_buffer, page, 0);
	call(NR(set_ioreq_buffer), 0, gpa, NULL, 0);
	memcpy(page, &regions, sizeof(regions));
	place_at(gpa, &shape_acrn_io_request_buffer, page, 0);
	call(NR(set_memory_regions), gpa, gpa, NULL, 0);
	memcpy(page, &sbuf, sizeof(sbuf));
	place_at(gpa, &shape_acrn_io_request_buffer, page, 0);
	call(NR(setup_sbuf), 0, gpa, NULL, 0);
	placements_clear();
}

static void make_with_counts(void)
{
	static const uint64_t arrays[] = {0,	     1,	  SCATTERED + 1, 0x100000,
					  0x3ffffff, TOP, 0xfee00000};

	for (unsigned i = 0; i < sizeof(arrays) / sizeof(*arrays); i++) {
		struct set_regions regions = {.mr_num = UINT32_MAX, .regions_gpa = arrays[i]};
		struct acrn_intr_monitor monitor = {.cmd = (uint32_t)GARBAGE,
						    .buf_cnt = UINT32_MAX};

		call(NR(set_memory_regions), place(&shape_set_regions, &regions), GARBAGE, NULL, 0);
		call(NR(vm_intr_monitor), GARBAGE, place(&shape_acrn_intr_monitor, &monitor), NULL,
		     0);
		placements_clear();
	}
}

static void make_with_garbage(void)
{
	static const uint64_t registers[] = {GARBAGE, TOP, UINT64_MAX, 0, INT64_MAX};

	for (unsigned i = 0; i < sizeof(registers) / sizeof(*registers); i++) {
		call(registers[i], GARBAGE, TOP, NULL, 0);
		call(GARBAGE << 32 | NR(create_vm), registers[i], registers[i], NULL, 0);
		for (uint64_t index = 0; index < 0xf0; index += 0x10)
			call(NR(get_api_version) | index, registers[i], registers[i], NULL, 0);
	}
}

/* A key at each place where there was one, behind a size that may be a lie. */
static void make_with_a_key(void)
{
	static const uint32_t sizes[] = {96, 88, 20, 0, 4, 21, 40, 95, 97, UINT32_MAX};
	static const unsigned places[] = {32, 24, 20};

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		for (unsigned n = 0; n < sizeof(places) / sizeof(*places); n++) {
			struct trusty_boot_param boot = {.size_of_this_struct = sizes[i]};
			uint8_t *bytes = (uint8_t *)&boot;

			if (places[n] == 20 && sizes[i] > 20)
				continue; /* there was never a key there; it is a neighbour's */
			for (unsigned at = places[n]; at < sizeof(boot); at++)
				bytes[at] = "Rq8zKw3vXp5mJt1b"[at % 16] + at / 16 % 4;
			call(NR(initialize_trusty), place(&shape_trusty_boot_param, &boot), 0, NULL,
			     0);
			placements_clear();
		}
	}
}

int guest_main(void)
{
	scattered_init();
	make_with_names();
	make_with_cycles();
	make_with_counts();
	make_with_garbage();
	make_with_a_key();
	return 0;
}
