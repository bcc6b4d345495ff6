/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Starts the second CPU: by INIT and SIPI on the bare machine, by a port write under the
 * hypervisor, which has no means of seeing a SIPI. Linked into guests and into the hypervisor
 * itself.
 */
#ifndef EXAMPLES_SECOND_CPU_H
#define EXAMPLES_SECOND_CPU_H

/* Overwritten when the bare machine's second CPU starts (its first code, in real mode). */
#define SIPI_PAGE 0x8000

/*
 * The hypervisor's CPUID leaf: EAX = port; 32 bits written there are the guest-physical address at
 * which the second vCPU begins, in the state in which PVH starts the first.
 */
#define CPUID_START_PORT 0x40000003

/* `function` runs on the second CPU, with per-CPU data and traps set up, and must not return. */
void second_cpu_run(void (*function)(void));

#endif
