/* SPDX-License-Identifier: BSD-3-Clause */
/* The recorder in a program of the host's: no CR3 to read, and threads for vCPUs. */
#ifndef TEST_RING_CONFIG_H
#define TEST_RING_CONFIG_H

extern __thread unsigned int test_vcpu;

#define ACRN_CR3()  0x1000
#define ACRN_VCPU() test_vcpu
#ifndef ACRN_RING_RECORDS
#define ACRN_RING_RECORDS 64
#endif

#endif
