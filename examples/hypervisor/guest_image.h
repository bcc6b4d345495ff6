/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef HYPERVISOR_GUEST_IMAGE_H
#define HYPERVISOR_GUEST_IMAGE_H

#include <stdint.h>

/* Copies the segments of an ELF64 image into the guest's RAM; returns its PVH entry, 0 if it is
 * none. */
uint32_t guest_image_load(const uint8_t *file, uint64_t size);

#endif
