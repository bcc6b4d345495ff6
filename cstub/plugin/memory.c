/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads memory as a vCPU has it that makes a call: the machine's, or what a nested page table makes
 * of it (AMD64 APM volume 2, 15.25), by guest-physical or virtual addresses.
 *
 * QEMU knows nothing of nested paging here. That a guest runs is seen at VMRUN, whose RAX has the
 * VMCB, and that it does no longer behind VMRUN.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "plugin.h"
#include "qemu_plugin.h"

#define PAGE	   4096u
#define INDEX_BITS 9
#define PAGE_BITS  12
#define LARGEST	   2 /* level of the largest page, of 1 GiB */
#define FRAME	   0x000ffffffffff000ull
#define PRESENT	   1u
#define USER	   4u
#define LARGE	   0x80u

#define CR0_PG	 0x80000000u
#define CR4_LA57 0x1000u

/* Offsets in a VMCB. */
#define NESTED_PAGING 0x90
#define NCR3	      0xb0

/* Where a PC has no memory, for a QEMU that does not tell. */
#define VIDEO	    0xa0000u
#define VIDEO_END   0xc0000u
#define DEVICES	    0xc0000000u
#define DEVICES_END 0x100000000u

#define WHY 256

static struct of_vcpu {
	uint64_t ncr3; /* 0: no guest runs, or one whose memory is the machine's */
	int levels;    /* of that table: as the hypervisor's own paging */
	struct byte_array *bytes;
	char why[WHY];
	struct memory memory[2]; /* by enum hypercall_memory */
} vcpus[SHARED_VCPUS];

/* Page tables whose entries need `bits`, in memory that `read` reads. */
struct tables {
	uint64_t root;
	int levels;
	unsigned int bits;
	const char *(*read)(void *of, uint64_t address, void *to, uint32_t size);
};

__attribute__((format(printf, 2, 3))) static const char *say(struct of_vcpu *of, const char *words,
							     ...)
{
	char said[WHY];
	va_list arguments;

	va_start(arguments, words);
	vsnprintf(said, sizeof(said), words, arguments);
	va_end(arguments);
	return strcpy(of->why, said);
}

/* Whether no memory is there, but a device, for which a read may be a command, or nothing. */
static int is_device(uint64_t address)
{
	if (address_space_is_io && &address_space_memory)
		return address_space_is_io(&address_space_memory, address);
	if (cpu_physical_memory_is_io)
		return cpu_physical_memory_is_io(address);
	return (address >= VIDEO && address < VIDEO_END) ||
	       (address >= DEVICES && address < DEVICES_END);
}

/* What lies on one page: 0, or -1 where there is no memory. */
static int read_page(struct of_vcpu *of, uint64_t address, void *to, uint32_t size)
{
	if (is_device(address))
		return -1;
	if (qemu_plugin_read_memory_hwaddr) {
		if (qemu_plugin_read_memory_hwaddr(address, of->bytes, size) ||
		    of->bytes->length != size)
			return -1;
		memcpy(to, of->bytes->data, size);
		return 0;
	}
	if (!cpu_physical_memory_rw)
		return -1;
	cpu_physical_memory_rw(address, to, size, 0);
	return 0;
}

static uint32_t on_page(uint64_t address, uint32_t size)
{
	uint32_t left = PAGE - (uint32_t)(address & (PAGE - 1));

	return size < left ? size : left;
}

static const char *read_machine(void *context, uint64_t address, void *to, uint32_t size)
{
	struct of_vcpu *of = context;

	for (uint32_t done = 0, step; done < size; done += step) {
		step = on_page(address + done, size - done);
		if (!read_page(of, address + done, (uint8_t *)to + done, step))
			continue;
		if (!done)
			return say(of, "no memory there");
		return say(of, "memory ends at %#llx", (unsigned long long)(address + done - 1));
	}
	return NULL;
}

/* Where an address is by page tables, and how many bytes of its page are from there on. */
static const char *walk(struct of_vcpu *of, const struct tables *tables, uint64_t address,
			uint64_t *place, uint64_t *left)
{
	uint64_t table = tables->root & FRAME;

	for (int level = tables->levels - 1;; level--) {
		int shift = PAGE_BITS + level * INDEX_BITS;
		uint64_t inside = ((uint64_t)1 << shift) - 1, entry;
		uint64_t index = address >> shift & ((1u << INDEX_BITS) - 1);
		const char *why = tables->read(of, table + index * 8, &entry, 8);

		if (why)
			return say(of,
				   "%#llx needs the page table at %#llx, which cannot be read: %s",
				   (unsigned long long)address, (unsigned long long)table, why);
		if ((entry & tables->bits) != tables->bits)
			return say(of, "%#llx is not mapped", (unsigned long long)address);
		if (!level || (level <= LARGEST && entry & LARGE)) {
			*place = (entry & FRAME & ~inside) | (address & inside);
			*left = inside + 1 - (address & inside);
			return NULL;
		}
		table = entry & FRAME;
	}
}

static const char *read_nested(struct of_vcpu *of, uint64_t address, void *to, uint32_t size)
{
	const struct tables tables = {of->ncr3, of->levels, PRESENT | USER, read_machine};
	unsigned long long ncr3 = of->ncr3;

	for (uint64_t done = 0, place, left; done < size; done += left) {
		const char *why = walk(of, &tables, address + done, &place, &left);

		if (why)
			return say(of, "guest-physical %s (nested page table at %#llx, %d levels)",
				   why, ncr3, of->levels);
		left = left < size - done ? left : size - done;
		why = read_machine(of, place, (uint8_t *)to + done, (uint32_t)left);
		if (why)
			return say(of,
				   "guest-physical %#llx is at host-physical %#llx (nested page "
				   "table at %#llx, %d levels): %s",
				   (unsigned long long)(address + done), (unsigned long long)place,
				   ncr3, of->levels, why);
	}
	return NULL;
}

static const char *read_physical(void *context, uint64_t address, void *to, uint32_t size)
{
	struct of_vcpu *of = context;

	return of->ncr3 ? read_nested(of, address, to, size) : read_machine(of, address, to, size);
}

int memory_write(unsigned int vcpu, uint64_t address, const void *from, uint32_t size)
{
	struct of_vcpu *of = memory_of(vcpu, HYPERCALL_MEMORY_physical)->context;
	const struct tables tables = {of->ncr3, of->levels, PRESENT | USER, read_machine};

	for (uint32_t done = 0, step; done < size; done += step) {
		uint64_t place = address + done, left;

		if (of->ncr3 && walk(of, &tables, address + done, &place, &left))
			return -1;
		step = on_page(place, size - done);
		g_byte_array_set_size(of->bytes, step);
		memcpy(of->bytes->data, (const uint8_t *)from + done, step);
		if (is_device(place) || qemu_plugin_write_memory_hwaddr(place, of->bytes))
			return -1;
	}
	return 0;
}

/* By the page tables of a nested guest. */
static const char *read_mapped(struct of_vcpu *of, unsigned int vcpu, uint64_t address, void *to,
			       uint32_t size)
{
	const struct tables tables = {
		.root = register_read(vcpu, REGISTER_CR3),
		.levels = register_read(vcpu, REGISTER_CR4) & CR4_LA57 ? 5 : 4,
		.bits = PRESENT,
		.read = read_physical,
	};
	const char *why = NULL;

	for (uint64_t done = 0, place, left; done < size && !why; done += left) {
		why = walk(of, &tables, address + done, &place, &left);
		left = why || left > size - done ? size - done : left;
		if (!why)
			why = read_physical(of, place, (uint8_t *)to + done, (uint32_t)left);
	}
	return why;
}

static const char *read_linear(void *context, uint64_t address, void *to, uint32_t size)
{
	struct of_vcpu *of = context;
	unsigned int vcpu = (unsigned int)(of - vcpus);
	int is_read;

	if (!size)
		return NULL;
	if (!of->ncr3) {
		is_read = qemu_plugin_read_memory_vaddr(address, of->bytes, size) &&
			  of->bytes->length == size;
		if (is_read)
			memcpy(to, of->bytes->data, size);
	} else if (register_read(vcpu, REGISTER_CR0) & CR0_PG) {
		is_read = !read_mapped(of, vcpu, address, to, size);
	} else {
		is_read = !read_physical(of, address, to, size);
	}
	return is_read ? NULL : say(of, "not mapped by the vCPU's page tables");
}

const struct memory *memory_of(unsigned int vcpu, enum hypercall_memory kind)
{
	struct of_vcpu *of = &vcpus[vcpu];

	if (!of->bytes) {
		of->bytes = g_byte_array_new();
		of->memory[HYPERCALL_MEMORY_physical] = (struct memory){read_physical, of};
		of->memory[HYPERCALL_MEMORY_linear] = (struct memory){read_linear, of};
	}
	return &of->memory[kind];
}

void memory_guest_runs(unsigned int vcpu)
{
	const struct memory *memory = memory_of(vcpu, HYPERCALL_MEMORY_physical);
	struct of_vcpu *of = memory->context;
	uint64_t vmcb = register_read(vcpu, HYPERCALL_RAX), nested = 0, ncr3 = 0;

	of->ncr3 = 0;
	if (read_machine(of, vmcb + NESTED_PAGING, &nested, 8) ||
	    read_machine(of, vmcb + NCR3, &ncr3, 8))
		return;
	of->ncr3 = nested & 1 ? ncr3 & FRAME : 0;
	of->levels = register_read(vcpu, REGISTER_CR4) & CR4_LA57 ? 5 : 4;
}

void memory_guest_left(unsigned int vcpu)
{
	vcpus[vcpu].ncr3 = 0;
}
