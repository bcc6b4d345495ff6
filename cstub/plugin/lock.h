/* SPDX-License-Identifier: BSD-3-Clause */
/* Has one vCPU's thread at a time do something, which is soon done; a byte of 0 is nobody's. */
#ifndef LOCK_H
#define LOCK_H

static inline void lock_take(char *lock)
{
	while (__atomic_test_and_set(lock, __ATOMIC_ACQUIRE))
		__builtin_ia32_pause();
}

static inline void lock_release(char *lock)
{
	__atomic_clear(lock, __ATOMIC_RELEASE);
}

#endif
