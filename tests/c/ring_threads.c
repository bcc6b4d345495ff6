/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads for vCPUs, more of them than rings, calls within calls, and a reader all the while; for
 * ThreadSanitizer.
 */
#include <pthread.h>
#include <stdio.h>

#include "ring_checks.h"

#define WRITERS	 4
#define CALLS	 20000
#define IN_RINGS (WRITERS * CALLS * 2ull) /* each call has another within it */

__thread unsigned int test_vcpu;
static int writers_left = WRITERS;
static uint64_t not_recorded, torn, whole_returned;

static struct acrn_claim_ start_and_count(uint64_t token)
{
	struct acrn_claim_ claim = start_test_call(token);

	if (!claim.record)
		__atomic_fetch_add(&not_recorded, 1, __ATOMIC_RELAXED);
	return claim;
}

static void *write_calls(void *which)
{
	uint64_t base = (uint64_t)which << 32;

	test_vcpu = (uint64_t)which % 3; /* two have a ring of their own, the others share one */
	for (uint64_t i = 1; i <= CALLS; i++) {
		uint64_t token = base + 2 * i;
		struct acrn_claim_ outer = start_and_count(token);

		finish_test_call(start_and_count(token + 1), token + 1);
		finish_test_call(outer, token);
	}
	__atomic_fetch_sub(&writers_left, 1, __ATOMIC_RELEASE);
	return NULL;
}

static void read_once(void)
{
	for (unsigned int ring = 0; ring < ACRN_RINGS; ring++)
		for (unsigned int i = 0; i < ACRN_RING_RECORDS; i++) {
			struct copy copy;

			if (!copy_record(&acrn_ring_records[ring][i].record, &copy))
				continue;
			torn += !is_whole(&copy);
			whole_returned +=
				(copy.word & ACRN_WORD_STATE_MASK) == ACRN_RECORD_RETURNED;
		}
}

static void *read_calls(void *unused)
{
	(void)unused;
	while (__atomic_load_n(&writers_left, __ATOMIC_ACQUIRE))
		read_once();
	return NULL;
}

int main(void)
{
	pthread_t threads[WRITERS + 1];
	uint64_t claimed = 0, lost = 0;

	pthread_create(&threads[WRITERS], NULL, read_calls, NULL);
	for (uint64_t i = 0; i < WRITERS; i++)
		pthread_create(&threads[i], NULL, write_calls, (void *)i);
	for (unsigned int i = 0; i <= WRITERS; i++)
		pthread_join(threads[i], NULL);
	for (unsigned int ring = 0; ring < ACRN_RINGS; ring++) {
		claimed += acrn_ring_header.rings[ring].claimed;
		lost += acrn_ring_header.rings[ring].lost;
	}
	read_once();
	printf("claimed %lu lost %lu not recorded %lu torn %lu\n", claimed, lost, not_recorded,
	       torn);
	return !(claimed == IN_RINGS && lost == not_recorded && torn == 0 && whole_returned);
}
