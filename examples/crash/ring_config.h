/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What these guests tell the recorder about themselves (ACRN_RING_CONFIG).
 */
#ifndef CRASH_RING_CONFIG_H
#define CRASH_RING_CONFIG_H

#include "percpu.h"

uint64_t guest_physical(const volatile void *object);
uint32_t tsc_khz(void);

#define ACRN_GPA(pointer) guest_physical(pointer)
#define ACRN_VCPU()	  (this_cpu()->number)
#define ACRN_TSC_KHZ()	  tsc_khz()
#define ACRN_RINGS	  MAX_CPUS
#define ACRN_RING_RECORDS 64
#define ACRN_RING_CAPTURE 64

#endif
