/* SPDX-License-Identifier: BSD-3-Clause */
/* How fast the guest's time-stamp counter ticks. */
#ifndef TSC_CLOCK_H
#define TSC_CLOCK_H

#include <stdint.h>

/*
 * Ticks a second of the host's counter, measured for a twentieth of a second. QEMU's TCG gives its
 * guests that counter, at an offset; under KVM the guest may see another rate.
 */
uint64_t host_tsc_hz(void);

#endif
