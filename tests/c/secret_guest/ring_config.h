/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RING_CONFIG_H
#define RING_CONFIG_H

#include <stdint.h>

uint64_t guest_physical(const volatile void *object);

#define ACRN_GPA(pointer) guest_physical(pointer)
#define ACRN_VCPU()	  0
#define ACRN_RING_RECORDS 64
#define ACRN_RING_CAPTURE 128

#endif
