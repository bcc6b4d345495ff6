/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What each case of the corpus defines, and what it may use.
 *
 * The code under test is subject(). wanted() says in plain C what it should return, numbers[] which
 * calls it should make, in their order; a 0 ends the list, and the last one may be repeated. With
 * -DBAD the file is the bad twin. (A bad source may well become right code: the run decides.)
 */
#ifndef CORPUS_H
#define CORPUS_H

#include "acrn_calls.h"

#define ALWAYS static inline __attribute__((always_inline))
#define NEVER  static __attribute__((noinline, noclone))

/*
 * Every case is in one image with the others, so that names get the case's in front of them; what
 * lint says of a site is told by its function's name.
 */
#define CORPUS_JOIN_(prefix, name) prefix##__##name
#define CORPUS_JOIN(prefix, name)  CORPUS_JOIN_(prefix, name)
#define subject			   ORACLE_ABI CORPUS_JOIN(CASE, subject)
#define wanted			   ORACLE_ABI CORPUS_JOIN(CASE, wanted)
#define numbers			   CORPUS_JOIN(CASE, numbers)
#define hypercall1		   CORPUS_JOIN(CASE, hypercall1)
#define outer			   CORPUS_JOIN(CASE, outer)
#define count			   CORPUS_JOIN(CASE, count)
#define vmid_at			   CORPUS_JOIN(CASE, vmid_at)
#define number_at		   CORPUS_JOIN(CASE, number_at)
#define part			   CORPUS_JOIN(CASE, part)
#define console			   CORPUS_JOIN(CASE, console)

/* A function in assembly. */
#define FUNCTION(name, ...) FUNCTION_(name, __VA_ARGS__)
#define FUNCTION_(name, ...)                                                                       \
	".globl " #name "\n.type " #name ", @function\n" #name ":\n" __VA_ARGS__ ".size " #name    \
	", . - " #name "\n"

/* The same without a type and a size, as assembly often is. */
#define LABEL(name, ...)  LABEL_(name, __VA_ARGS__)
#define LABEL_(name, ...) ".globl " #name "\n" #name ":\n" __VA_ARGS__

/* Not in ACRN's table: a call whose number has 33 bits (corpus.def). */
#define NR_wide 0x180000012ul

/* Of what the oracle and the cases know of each other, where the compiler's own is another. */
#ifndef ORACLE_ABI
#define ORACLE_ABI
#endif

#ifdef CASE
extern const unsigned long numbers[];
long subject(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e);
long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e);
#endif

/* Of the oracle. The functions leave nothing in a register that they may change. */
extern long answer; /* of every hypercall */
extern unsigned long cell;
extern volatile unsigned long opaque; /* 0 */
ORACLE_ABI void log_line(const char *text, ...);
__attribute__((cold)) ORACLE_ABI void log_cold(const char *text, ...);
ORACLE_ABI unsigned long compute(unsigned long value); /* value + 1 */

/* create_vm answers by this vmid if cpu_affinity is right. */
#define AFFINITY 0x5aul
#define VMID	 7

#endif
