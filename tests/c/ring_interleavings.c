/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The writer as it is compiled, over all interleavings: each atomic access is a point at which
 * another writer, or the reader, may come between. Runs are made again and again, each with the
 * next schedule in depth-first order. Command line: what each writer does (a number of calls, one
 * after the other), whether there is a reader, and how many times a run may switch away from one
 * that could go on (-1: as often as it can).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

static void step_at(const void *place);

#define __atomic_load_n(place, order) (step_at(place), __atomic_load_n(place, order))
#define __atomic_store_n(place, value, order)                                                      \
	(step_at(place), __atomic_store_n(place, value, order))
#define __atomic_fetch_add(place, n, order) (step_at(place), __atomic_fetch_add(place, n, order))
#define __atomic_compare_exchange_n(place, from, to, weak, good, bad)                              \
	(step_at(place), __atomic_compare_exchange_n(place, from, to, weak, good, bad))
#define ACRN_TSC() 1
#include "../../cstub/src/ring.c"
#include "ring_checks.h"

#define MOST_TASKS 4
#define MOST_STEPS 200
#define STACK	   65536

__thread unsigned int test_vcpu;

static struct task {
	ucontext_t context;
	char stack[STACK];
	int calls, is_reader, finished;
} tasks[MOST_TASKS];
static int task_count, running = -1, switches_allowed;
static ucontext_t scheduler;
static uint64_t not_recorded, calls_made, lapped_seen;

static unsigned char chosen[MOST_STEPS], choices[MOST_STEPS];
static int depth;
static unsigned long schedules;

static void fail(const char *what)
{
	printf("schedule %lu: %s\n", schedules, what);
	for (int i = 0; i < depth; i++)
		printf("%d", chosen[i]);
	printf("\n");
	exit(1);
}

/* With FEW_STEPS one field stands for all that are written in a row. */
static int is_a_step(const void *place)
{
#ifdef FEW_STEPS
	uint64_t offset = (uint64_t)place - (uint64_t)acrn_ring_records;

	if (offset < sizeof(acrn_ring_records)) {
		offset %= sizeof(union acrn_slot);
		return offset == __builtin_offsetof(struct acrn_record, word) ||
		       offset == __builtin_offsetof(struct acrn_record, number) ||
		       offset == __builtin_offsetof(struct acrn_record, result);
	}
	return place == &acrn_ring_header.rings[0].claimed;
#else
	(void)place;
	return 1;
#endif
}

static void step_at(const void *place)
{
	if (running >= 0 && is_a_step(place))
		swapcontext(&tasks[running].context, &scheduler);
}

void acrn_ring_watermark(unsigned int ring, uint64_t sequence)
{
	(void)ring, (void)sequence;
}

static void write_calls(struct task *task)
{
	for (int i = 0; i < task->calls; i++) {
		uint64_t token = (uint64_t)(task - tasks) * 16 + (uint64_t)i + 1;
		struct acrn_claim_ claim = start_test_call(token);

		not_recorded += !claim.record;
		calls_made++;
		finish_test_call(claim, token);
	}
}

static void read_records(void)
{
	for (unsigned int i = 0; i < ACRN_RING_RECORDS; i++) {
		struct copy copy;

		if (copy_record(&acrn_ring_records[0][i].record, &copy) && !is_whole(&copy))
			fail("a reader believed a torn record");
	}
}

static void task_main(int index)
{
	struct task *task = &tasks[index];

	if (task->is_reader)
		read_records();
	else
		write_calls(task);
	task->finished = 1;
	swapcontext(&task->context, &scheduler);
}

static void start_tasks(void)
{
	memset(acrn_ring_records, 0, sizeof(acrn_ring_records));
	memset(acrn_ring_header.rings, 0, sizeof(acrn_ring_header.rings));
	acrn_ring_header.rings[0].limit = LIMIT;
	not_recorded = calls_made = 0;
	for (int i = 0; i < task_count; i++) {
		getcontext(&tasks[i].context);
		tasks[i].context.uc_stack.ss_sp = tasks[i].stack;
		tasks[i].context.uc_stack.ss_size = STACK;
		makecontext(&tasks[i].context, (void (*)(void))task_main, 1, i);
		tasks[i].finished = 0;
	}
}

/* Who may run next, the one that runs first in the list. */
static int runnable(int last, int switches, int *list)
{
	int count = 0, goes_on = last >= 0 && !tasks[last].finished;

	if (goes_on)
		list[count++] = last;
	if (!goes_on || switches_allowed < 0 || switches < switches_allowed)
		for (int i = 0; i < task_count; i++)
			if (i != last && !tasks[i].finished)
				list[count++] = i;
	return count;
}

static void run_schedule(int replay)
{
	int list[MOST_TASKS], count, last = -1, switches = 0;

	start_tasks();
	for (depth = 0; (count = runnable(last, switches, list)); depth++) {
		if (depth == MOST_STEPS)
			fail("too many steps");
		if (depth >= replay)
			chosen[depth] = 0;
		choices[depth] = (unsigned char)count;
		switches += last >= 0 && !tasks[last].finished && chosen[depth] > 0;
		last = running = list[chosen[depth]];
		swapcontext(&scheduler, &tasks[last].context);
	}
	running = -1;
}

static void check_end(void)
{
	const struct acrn_ring *ring = &acrn_ring_header.rings[0];
	uint64_t newest = 0;

	if (ring->claimed != calls_made)
		fail("a sequence number was skipped or given twice");
	if (ring->lost != not_recorded)
		fail("calls that were not recorded are counted wrong");
	read_records();
	for (unsigned int i = 0; i < ACRN_RING_RECORDS; i++) {
		uint64_t word = acrn_ring_records[0][i].record.word;

		if ((word & 1) || (word & ACRN_WORD_STATE_MASK) == ACRN_RECORD_CALLED)
			fail("a record stayed unfinished");
		if (word && (word >> ACRN_WORD_SEQUENCE_SHIFT) % ACRN_RING_RECORDS != i)
			fail("a record is in another's slot");
		newest += word != 0;
	}
	if (newest + ring->lost < calls_made && newest < ACRN_RING_RECORDS)
		fail("a call is neither recorded nor lost");
	lapped_seen += ring->lapped;
}

/* The schedule after this one: 0 if there is none. */
static int next_schedule(void)
{
	while (depth > 0 && chosen[depth - 1] + 1 >= choices[depth - 1])
		depth--;
	if (depth == 0)
		return 0;
	chosen[depth - 1]++;
	return depth;
}

int main(int argc, char **argv)
{
	int replay = 0;

	switches_allowed = atoi(argv[argc - 1]);
	for (int i = 1; i < argc - 1; i++, task_count++) {
		tasks[task_count].is_reader = !strcmp(argv[i], "reader");
		tasks[task_count].calls = atoi(argv[i]);
	}
	do {
		run_schedule(replay);
		check_end();
		schedules++;
	} while ((replay = next_schedule()));
	printf("%lu schedules, %lu lapped\n", schedules, lapped_seen);
	return 0;
}
