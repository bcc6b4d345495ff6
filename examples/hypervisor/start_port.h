/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The port by which the guest starts its second vCPU: a SIPI cannot be intercepted on SVM without
 * an instruction emulator for the local APIC, a port write can.
 */
#ifndef HYPERVISOR_START_PORT_H
#define HYPERVISOR_START_PORT_H

#include <stdint.h>

#define START_PORT 0x5a0

/* Physical address of SVM's I/O permission map, in which no other port exits. */
uint64_t start_port_permissions(void);

#endif
