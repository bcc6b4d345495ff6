/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ACRN's own error numbers: a hypercall that failed returns one of these, negated. The values are
 * Linux's.
 *
 * Many handlers return a literal -1 that means no more than "failed" and is by its value -EPERM;
 * ACRN_FAILED names it, so that a reader of the model can tell the two apart.
 *
 * Source: hypervisor/include/lib/errno.h and common/hypercall.c of ACRN master d61d98cf800e.
 */
#ifndef ACRN_ERRNO_H
#define ACRN_ERRNO_H

enum acrn_errno {
	ACRN_EPERM = 1,
	ACRN_EIO = 5,
	ACRN_ENOMEM = 12,
	ACRN_EACCES = 13,
	ACRN_EFAULT = 14,
	ACRN_EBUSY = 16,
	ACRN_ENODEV = 19,
	ACRN_EINVAL = 22,
	ACRN_ENOTTY = 25,
	ACRN_ENOSYS = 38,
	ACRN_ETIMEDOUT = 110,
};

#define ACRN_FAILED (-1)

#endif
