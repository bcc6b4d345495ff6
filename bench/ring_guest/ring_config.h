/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RING_CONFIG_H
#define RING_CONFIG_H

#include "percpu.h"

uint64_t guest_physical(const volatile void *object);

#define ACRN_GPA(pointer) guest_physical(pointer)
#define ACRN_VCPU()	  this_cpu_number()

#endif
