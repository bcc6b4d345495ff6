/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_LOOP_H
#define BENCH_LOOP_H

void calls_not_recorded(unsigned long calls);
void calls_recorded(unsigned long calls);

#endif
