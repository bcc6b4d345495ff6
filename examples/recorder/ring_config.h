/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What this guest tells the recorder about itself (ACRN_RING_CONFIG).
 */
#ifndef RECORDER_RING_CONFIG_H
#define RECORDER_RING_CONFIG_H

#include "percpu.h"

uint64_t guest_physical(const volatile void *object);

#define ACRN_GPA(pointer) guest_physical(pointer)
#define ACRN_VCPU()	  this_cpu_number()
#define ACRN_RINGS	  MAX_CPUS
#define ACRN_RING_RECORDS 64

#endif
