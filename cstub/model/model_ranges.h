/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM's memory map as a list of ranges by ascending guest-physical address, and the pool that the
 * ranges of all VMs come from. A place in a list is the link to the range there, so that one can be
 * put before it or taken away.
 */
#ifndef MODEL_RANGES_H
#define MODEL_RANGES_H

#include "model_internal.h"

#define NO_RANGE UINT16_MAX

static inline uint64_t range_end(const struct model_range *range)
{
	return range->gpa + range->size;
}

/* The range at a place, NULL at the end of the list. */
static inline struct model_range *range_at(struct acrn_model *model, const uint16_t *place)
{
	return *place == NO_RANGE ? NULL : &model->range[*place];
}

/* From a place on, the first range that ends after gpa. */
uint16_t *range_after(struct acrn_model *model, uint16_t *place, uint64_t gpa);

/* Puts a range in, false if the pool is empty; takes one out. */
bool range_insert(struct acrn_model *model, uint16_t *place, struct model_range range);
void range_release(struct acrn_model *model, uint16_t *place);

/* Sees to it that no range reaches across gpa, a multiple of 4 KiB; false if the pool is empty. */
bool range_cut(struct acrn_model *model, struct model_vm *vm, uint64_t gpa);

/* Makes one range of neighbours that continue each other. */
void range_merge(struct acrn_model *model, struct model_vm *vm);

#endif
