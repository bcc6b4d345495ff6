/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads a vCPU's registers by the handles that QEMU has for them. */
#include <string.h>

#include "plugin.h"
#include "qemu_plugin.h"

static const char *const names[REGISTERS] = {
	"rax", "rcx", "rdx", "rbx", "rsp", "rbp",    "rsi", "rdi", "r8",  "r9",	 "r10",
	"r11", "r12", "r13", "r14", "r15", "eflags", "rip", "cr0", "cr3", "cr4", "cs",
};
static struct plugin_register *handles[REGISTERS];
static struct byte_array *buffers[SHARED_VCPUS];

static void learn_one(const struct register_descriptor *descriptor)
{
	for (unsigned int i = 0; i < REGISTERS; i++)
		if (!strcmp(descriptor->name, names[i]))
			handles[i] = descriptor->handle;
}

int registers_learn(int api)
{
	size_t stride = api >= PLUGIN_API_7 ? DESCRIPTOR_SIZE_7 : DESCRIPTOR_SIZE_4;
	struct array *all = qemu_plugin_get_registers();

	for (unsigned int i = 0; i < all->length; i++)
		learn_one((const struct register_descriptor *)(all->data + i * stride));
	g_array_free(all, 1);
	for (unsigned int i = 0; i < SHARED_VCPUS; i++)
		buffers[i] = buffers[i] ? buffers[i] : g_byte_array_new();
	for (unsigned int i = 0; i < REGISTERS; i++)
		if (!handles[i])
			return -1;
	return 0;
}

uint64_t register_read(unsigned int vcpu, unsigned int reg)
{
	struct byte_array *buffer = buffers[vcpu];
	uint64_t value = 0;

	buffer->length =
		0; /* what the call returns differs between versions; the length does not */
	qemu_plugin_read_register(handles[reg], buffer);
	memcpy(&value, buffer->data, buffer->length < 8 ? buffer->length : 8);
	return value;
}

void register_write(unsigned int vcpu, unsigned int reg, uint64_t value)
{
	struct byte_array *buffer = buffers[vcpu];

	buffer->length = 0;
	qemu_plugin_read_register(handles[reg], buffer); /* for its size */
	memcpy(buffer->data, &value, buffer->length < 8 ? buffer->length : 8);
	qemu_plugin_write_register(handles[reg], buffer);
}
