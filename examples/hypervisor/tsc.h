/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef HYPERVISOR_TSC_H
#define HYPERVISOR_TSC_H

#include <stdint.h>

/* Frequency of the time-stamp counter, measured at the first call (10 ms) and never 0. */
uint32_t tsc_khz(void);

#endif
