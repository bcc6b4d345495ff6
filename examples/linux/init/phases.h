/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASES_H
#define PHASES_H

/* A User VM's whole life: every kind of call that the driver makes, the mistakes too. */
void live_a_life(void);

/* One process a CPU, pinned, each with a VM of its own and `rounds` times four calls. */
void keep_cpus_busy(unsigned cpus, unsigned rounds);

#endif
