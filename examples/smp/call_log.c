/* SPDX-License-Identifier: BSD-3-Clause */
#include "call_log.h"

struct call_log_entry call_log[CALL_LOG_SLOTS];
uint64_t call_log_count;
uint64_t calls_interrupted[VCPUS];

struct call_log_entry *call_log_claim(void)
{
	return &call_log[__atomic_fetch_add(&call_log_count, 1, __ATOMIC_RELAXED)];
}

void call_log_complete(void)
{
	__asm__ volatile("" : : : "memory");
}
