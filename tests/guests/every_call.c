/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes every call of ACRN with odd values in every field of its structures, which lie across page
 * borders in memory that is scattered in the guest's own view, and says what it did (lib/calls.h).
 * First to a hypervisor that answers as ACRN does, then to one that answers with a pattern.
 */
#define ACRN_CALLS_DEF "examples/hypervisor/hypervisor.def"
#include "guest.h"

#include "calls.h"
#include "fill.h"
#include "machine.h"

#define DIRTY	   0xfeedfacecafe0000ul /* the bits of a register that ACRN does not look at */
#define NO_SUCH_VM 0xbeef
#define NEW_VM	   2 /* the first that create_vm makes here */
#define PATTERN	   0x7f
#define REGIONS	   5
#define TOP	   0xfffffffffffffff8ul
#define END_OF_RAM 0x4000000ul /* examples/qemu.args: 64 MiB */
#define MOST_BYTES 0x2000

static uint8_t structure[MOST_BYTES], behind[MOST_BYTES];
static uint8_t seed = 1;

static uint64_t placed_behind(const struct shape *shape, unsigned turn)
{
	fill(shape, behind, seed++);
	if (turn)
		name_values(shape, behind, turn);
	return place(shape, behind);
}

static uint64_t placed_regions(uint32_t stated, uint32_t claimed, unsigned turn)
{
	for (uint32_t i = 0; i < stated; i++) {
		uint8_t *region = behind + i * sizeof(struct vm_memory_region);

		fill(&shape_vm_memory_region, region, seed++);
		if (turn)
			name_values(&shape_vm_memory_region, region, turn + i);
	}
	return place_array(&shape_vm_memory_region, behind, stated, claimed);
}

/* What a filled structure is to point at. */
static void add_pointers(const struct shape *shape, unsigned turn)
{
	struct set_regions *regions = (void *)structure;
	struct acrn_ioreq_buffer *buffer = (void *)structure;
	struct acrn_sbuf_param *sbuf = (void *)structure;

	if (shape == &shape_set_regions) {
		regions->mr_num = REGIONS;
		regions->regions_gpa = placed_regions(REGIONS, REGIONS, turn);
	} else if (shape == &shape_acrn_ioreq_buffer) {
		buffer->gpa = placed_behind(&shape_acrn_io_request_buffer, turn);
	} else if (shape == &shape_acrn_sbuf_param) {
		sbuf->gpa = placed_behind(&shape_shared_buf, turn);
	}
}

/* Zero is a turn without names. */
static uint64_t filled(const struct shape *shape, unsigned turn)
{
	fill(shape, structure, seed++);
	if (turn)
		name_values(shape, structure, turn);
	add_pointers(shape, turn);
	return place(shape, structure);
}

static uint64_t register_for(const struct call *call, unsigned position, unsigned turn)
{
	const struct argument *argument = &call->argument[position];
	uint64_t value = 0;

	if (is_pointer(argument))
		return filled(argument->shape, turn);
	if (argument->kind == PACKED) {
		fill(argument->shape, &value, seed++);
		if (turn)
			name_values(argument->shape, &value, turn);
	} else if (argument->kind != COMMAND) {
		value = DIRTY | (argument->bits == 16 ? (turn ? NEW_VM : NO_SUCH_VM) : seed++);
	}
	return call->selects && !position ? (value & ~0xfful) | call->low : value;
}

static void make_every_call(unsigned turn)
{
	for (unsigned i = 0; i < calls; i++) {
		const struct call *call = &every_call[i];
		uint64_t rdi = register_for(call, 0, turn);

		make(call, rdi, register_for(call, 1, turn));
		placements_clear();
	}
}

static void make_with_a_vm(void)
{
	struct acrn_vm_creation creation = {
		.vmid = 0x1357, .name = "made by test", .cpu_affinity = 2};
	struct vm_gpa2hpa translation = {.gpa = 0x1fff, .hpa = 0x0123456789abcdef};
	struct acrn_io_request_buffer *page = (void *)behind;

	make(call_named("create_vm"), place(&shape_acrn_vm_creation, &creation), DIRTY);
	placements_clear();
	memset(page, 0, sizeof(*page));
	name_values(&shape_acrn_io_request_buffer, page, 1);
	struct acrn_ioreq_buffer buffer = {SCATTERED + 0x10000};
	place_at(buffer.gpa, &shape_acrn_io_request_buffer, page, 0);
	make(call_named("set_ioreq_buffer"), DIRTY | NEW_VM,
	     place(&shape_acrn_ioreq_buffer, &buffer));
	placements_clear();
	make(call_named("vm_gpa2hpa"), DIRTY, place(&shape_vm_gpa2hpa, &translation));
	placements_clear();
}

/* Each structure at each bad place, and each bad place behind a structure that is there. */
static void make_with_bad_pointers(void)
{
	static const uint64_t bad[] = {NO_MEMORY,  LOCAL_APIC,	   IO_APIC,	      TOP,
				       UINT64_MAX, END_OF_RAM - 2, END_OF_LOW_RAM - 1};
	static const char *const names[] = {"get_api_version", "create_vm", "set_vcpu_regs",
					    "vm_intr_monitor", "set_memory_regions"};

	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct acrn_ioreq_buffer buffer = {bad[i]};
		struct acrn_sbuf_param sbuf = {.cpu_id = 0x1234, .gpa = bad[i]};
		struct set_regions regions = {.mr_num = 3, .regions_gpa = bad[i]};

		for (unsigned n = 0; n < sizeof(names) / sizeof(*names); n++)
			make(call_named(names[n]), bad[i], bad[i]);
		make(call_named("set_ioreq_buffer"), NEW_VM,
		     place(&shape_acrn_ioreq_buffer, &buffer));
		make(call_named("setup_sbuf"), NEW_VM, place(&shape_acrn_sbuf_param, &sbuf));
		make(call_named("set_memory_regions"), place(&shape_set_regions, &regions), 0);
		placements_clear();
	}
}

static void make_with_counts(void)
{
	static const uint32_t counts[] = {0, 1, REGIONS, 1024, 1025, UINT32_MAX};

	for (unsigned i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		struct set_regions regions = {.vmid = NEW_VM, .mr_num = counts[i]};

		regions.regions_gpa = placed_regions(REGIONS, counts[i], 1);
		make(call_named("set_memory_regions"), place(&shape_set_regions, &regions), 0);
		placements_clear();
	}
}

static void make_with_sizes(void)
{
	static const uint32_t sizes[] = {96, 88, 20, 0, 4, 21, 40, 95, 97, UINT32_MAX};
	static const uint32_t counts[] = {0, 1, 2, 47, 48, 49, UINT32_MAX};
	struct trusty_boot_param *boot = (void *)structure;
	struct acrn_intr_monitor *monitor = (void *)structure;

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		fill(&shape_trusty_boot_param, boot, seed++);
		boot->size_of_this_struct = sizes[i];
		boot->base_addr_high = boot->entry_point_high = 0xfffff;
		make(call_named("initialize_trusty"), place(&shape_trusty_boot_param, boot), 0);
		placements_clear();
	}
	for (unsigned i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		fill(&shape_acrn_intr_monitor, monitor, seed++);
		monitor->buf_cnt = counts[i];
		make(call_named("vm_intr_monitor"), NEW_VM,
		     place(&shape_acrn_intr_monitor, monitor));
		placements_clear();
	}
}

/* The memory ends before the array does, in the midst of an element. */
static void make_with_an_end(void)
{
	const uint32_t size = sizeof(struct vm_memory_region);
	struct set_regions regions = {.vmid = NEW_VM,
				      .mr_num = UINT32_MAX,
				      .regions_gpa = END_OF_LOW_RAM - 3 * size - size / 2};
	struct placement *placement;

	fill(&shape_vm_memory_region, behind, seed++);
	fill(&shape_vm_memory_region, behind + size, seed++);
	fill(&shape_vm_memory_region, behind + 2 * size, seed++);
	placement = place_at(regions.regions_gpa, &shape_vm_memory_region, behind, 3);
	placement->claimed = regions.mr_num;
	placement->ends = true;
	make(call_named("set_memory_regions"), place(&shape_set_regions, &regions), 0);
	placements_clear();
}

static void make_odd_numbers(void)
{
	static const struct call odd[] = {
		{.nr = 0x80000062,
		 .name = "profiling_ops",
		 .argument = {{.kind = COMMAND, .name = "command", .names = profiling_commands},
			      {.kind = VALUE, .name = "data", .bits = 64}}},
		{.nr = 0x12, .name = "hypercall_0x12"},
		{.nr = 0x800000ff, .name = "hypercall_0x800000ff"},
		{.nr = 0xdead00008000000f, .name = "hypercall_0xdead00008000000f"},
		{.nr = 0xdead000080000012, .name = "hypercall_0xdead000080000012"},
	};

	for (unsigned i = 0; i < sizeof(odd) / sizeof(*odd); i++)
		make(&odd[i], DIRTY | 1, ~0ul);
}

int guest_main(void)
{
	scattered_init();
	make_with_a_vm();
	make_every_call(0);
	make_every_call(1);
	make_with_bad_pointers();
	make_with_counts();
	make_with_sizes();
	make_with_an_end();
	make_odd_numbers();
	acrn_call(answer_pattern, PATTERN);
	make_every_call(0);
	make_every_call(2);
	acrn_call(answer_pattern, 0);
	return 0;
}
