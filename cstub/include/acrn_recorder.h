/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The flight recorder inside the guest: what it is told, and what the guest may tell it.
 *
 * A guest that defines ACRN_RING, in every file, has each call of acrn_hypercall.h and acrn_calls.h
 * written to a ring (acrn_ring.h); with ACRN_TRAMPOLINE as well the registers that a call changes.
 * It links cstub/src/ring.c, capture.c, fault.c and watermark.S, and for the trampoline
 * trampoline.S and changed_registers.c. docs/ring.md says how. With neither nothing of this is in
 * the image.
 *
 * What the guest defines besides (each has a default) is best put into a header of its own, named
 * by ACRN_RING_CONFIG, in quotes:
 *
 *   ACRN_RING_RECORDS    records of a ring, a power of two (4096; with ACRN_TRAMPOLINE
 *                        2048 of five times the size)
 *   ACRN_RINGS           rings: one for each vCPU, at least 1 (1)
 *   ACRN_VCPU()          number of the calling vCPU, below ACRN_VCPU_UNKNOWN (unknown); a vCPU that
 *                        has no ring of its own shares the first
 *   ACRN_RING_MODE       enum acrn_ring_mode (ACRN_RING_OVERWRITES)
 *   ACRN_RING_ENABLED    whether calls are recorded from the guest's first instruction on (1)
 *   ACRN_RING_MARK       acrn_ring_watermark() is called every so many records, a power of two that
 *                        is no more than ACRN_RING_RECORDS (half of it)
 *   ACRN_RING_CAPTURE    bytes kept of an acrn_call()'s argument structure, a multiple of 8 (0)
 *
 *   ACRN_TSC_KHZ()       frequency of the TSC if the guest knows it (0)
 *
 *   ACRN_GPA(pointer)    as for acrn_calls.h
 *
 * Every function here may be called from any context, interrupts and exceptions included.
 */
#ifndef ACRN_RECORDER_H
#define ACRN_RECORDER_H

#include "acrn_ring.h"

#ifdef ACRN_RING_CONFIG
#include ACRN_RING_CONFIG
#endif
#if defined(ACRN_TRAMPOLINE) && !defined(ACRN_RING)
#define ACRN_RING
#endif
#ifndef ACRN_RING_RECORDS
#ifdef ACRN_TRAMPOLINE
#define ACRN_RING_RECORDS 2048
#else
#define ACRN_RING_RECORDS 4096
#endif
#endif
#ifndef ACRN_RINGS
#define ACRN_RINGS 1
#endif
#ifndef ACRN_VCPU
#define ACRN_VCPU() ACRN_VCPU_UNKNOWN
#endif
#ifndef ACRN_RING_MODE
#define ACRN_RING_MODE ACRN_RING_OVERWRITES
#endif
#ifndef ACRN_RING_ENABLED
#define ACRN_RING_ENABLED 1
#endif
#ifndef ACRN_RING_MARK
#define ACRN_RING_MARK (ACRN_RING_RECORDS / 2)
#endif
#ifndef ACRN_RING_CAPTURE
#define ACRN_RING_CAPTURE 0
#endif

/* Calls made from now on are recorded, or not; one under way is recorded to its end. */
void acrn_ring_enable(void);
void acrn_ring_disable(void);

/*
 * For a guest that is about to end: disables the recorder, then calls acrn_ring_watermark() for who
 * follows the ring from a debugger, which cannot read it any more once the guest is gone. No other
 * vCPU should make calls any more.
 */
void acrn_ring_finish(void);

/*
 * For a debugger's breakpoint: called before a call whose sequence number is a multiple of
 * ACRN_RING_MARK, but not 0, and by acrn_ring_finish(). Does nothing, on a page of its own.
 */
void acrn_ring_watermark(unsigned int ring, uint64_t sequence);

/* What a call yields if VMCALL itself faulted; no hypervisor's error number. */
#define ACRN_FAULTED (-4095l)

/*
 * For the guest's handler of #UD and #GP, with pointers to where it keeps the interrupted code's
 * RIP and RAX. Returns 1 if the fault is that of a call of this header's, which is then skipped
 * (both values are changed) and yields ACRN_FAULTED; 0 if not, with nothing changed. RIP must be
 * readable.
 */
int acrn_fault_at(uint64_t *rip, uint64_t *rax);

/*
 * With ACRN_TRAMPOLINE: the guest may define this, it is called after each recorded call whose
 * result is negative, in the context of the call. `faulted`: VMCALL itself raised #UD or #GP.
 */
void acrn_call_failed(uint64_t site, uint64_t number, int64_t result, int faulted);

/* Implementation. Names that end in an underscore are not for use. */

/* In RAX at each VMCALL of these headers, so that acrn_fault_at() knows it: "call". */
#define ACRN_CALL_TOKEN_ 0x6c6c6163

struct acrn_ring_memory {
	struct acrn_ring_header header;
	struct acrn_ring rings[ACRN_RINGS];
};
extern struct acrn_ring_memory acrn_ring_header __attribute__((visibility("hidden")));

/* The structures that say themselves how far they go: a number for each of acrn_sizes.def. */
enum acrn_size_rule_ {
	ACRN_SIZE_FIXED_,
	ACRN_SIZE_trusty_boot_param_,
	ACRN_SIZE_acrn_intr_monitor_,
	ACRN_SIZE_profiling_msr_ops_list_,
	ACRN_SIZE_profiling_vm_info_list_,
	ACRN_SIZE_profiling_vm_info_,
};
#define ACRN_SIZE_RULE_(type)                                                                      \
	(ACRN_IS_(type, trusty_boot_param) | ACRN_IS_(type, acrn_intr_monitor) |                   \
	 ACRN_IS_(type, profiling_msr_ops_list) | ACRN_IS_(type, profiling_vm_info_list) |         \
	 ACRN_IS_(type, profiling_vm_info))
#define ACRN_IS_(type, structure)                                                                  \
	(__builtin_types_compatible_p(type, struct structure) ? ACRN_SIZE_##structure##_ : 0)

/* What a call passes by pointer; a size of 0 is nothing. */
struct acrn_captured_ {
	const void *in, *out;
	uint32_t in_bytes, out_bytes; /* of the type: it may say that it has fewer */
	uint32_t rule;		      /* an enum acrn_size_rule_ */
};

struct acrn_argument_ {
	unsigned long value;
	struct acrn_captured_ captured;
};

static __inline__ __attribute__((always_inline, unused)) int
acrn_points_(const struct acrn_argument_ *argument)
{
	return argument->captured.in_bytes || argument->captured.out_bytes;
}

#define acrn_ring_is_enabled_()                                                                    \
	__builtin_expect(__atomic_load_n(&acrn_ring_header.header.enabled, __ATOMIC_RELAXED), 0)

#endif
