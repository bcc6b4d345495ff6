/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EXAMPLES_SPINLOCK_H
#define EXAMPLES_SPINLOCK_H

#include <stdbool.h>

struct spinlock {
	bool taken;
};

static inline void spin_lock(struct spinlock *lock)
{
	while (__atomic_test_and_set(&lock->taken, __ATOMIC_ACQUIRE))
		__builtin_ia32_pause();
}

static inline void spin_unlock(struct spinlock *lock)
{
	__atomic_clear(&lock->taken, __ATOMIC_RELEASE);
}

#endif
