/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Guest memory, as ACRN reaches it: translated once a page, copied until the first page that is not
 * there. An error comes after what could be copied has been copied.
 */
#include "model_internal.h"

/* The part of [address, address + size) that lies in the first 4 KiB page. */
static size_t in_page(uint64_t address, size_t size)
{
	size_t left = PAGE_4K - (address & (PAGE_4K - 1));

	return size < left ? size : left;
}

bool model_read_host(struct acrn_model *model, void *to, uint64_t hpa, size_t size)
{
	for (uint8_t *byte = to; size;) {
		size_t part = in_page(hpa, size);

		if (model->memory.read(model->memory.opaque, hpa, byte, part))
			return false;
		byte += part;
		hpa += part;
		size -= part;
	}
	return true;
}

bool model_write_host(struct acrn_model *model, uint64_t hpa, const void *from, size_t size)
{
	for (const uint8_t *byte = from; size;) {
		size_t part = in_page(hpa, size);

		if (model->memory.write(model->memory.opaque, hpa, byte, part))
			return false;
		byte += part;
		hpa += part;
		size -= part;
	}
	return true;
}

int32_t model_read(struct acrn_model *model, struct model_vm *vm, void *to, uint64_t gpa,
		   size_t size)
{
	for (uint8_t *byte = to; size;) {
		size_t part = in_page(gpa, size);
		uint64_t hpa = model_map_find(model, vm, gpa);

		if (hpa == ACRN_INVALID_HPA || !model_read_host(model, byte, hpa, part))
			return -ACRN_EINVAL;
		byte += part;
		gpa += part;
		size -= part;
	}
	return 0;
}

int32_t model_write(struct acrn_model *model, struct model_vm *vm, uint64_t gpa, const void *from,
		    size_t size)
{
	for (const uint8_t *byte = from; size;) {
		size_t part = in_page(gpa, size);
		uint64_t hpa = model_map_find(model, vm, gpa);

		if (hpa == ACRN_INVALID_HPA || !model_write_host(model, hpa, byte, part))
			return -ACRN_EINVAL;
		byte += part;
		gpa += part;
		size -= part;
	}
	return 0;
}
