/* SPDX-License-Identifier: BSD-3-Clause */
/* acrn-record: records the calls of a running guest, which is not stopped for it, to a trace file.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "follower.h"
#include "record_options.h"
#include "ring_search.h"
#include "tsc_clock.h"

/* Between two looks at a ring: when nothing was new, and when there is none yet. */
#define IDLE_NANOSECONDS   200000
#define SEARCH_NANOSECONDS 5000000
/* A header that is being written is not right for a moment; longer than this, it is wrong. */
#define SEARCH_PATIENCE 400

/* What a trace file takes; whatever else a guest says of itself is not believed. */
#define MIN_TSC_KHZ 10000u
#define MAX_TSC_KHZ 100000000u

static volatile sig_atomic_t is_over;

static void on_signal(int number)
{
	(void)number;
	is_over = 1;
}

static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
}

static void pause_for(long nanoseconds)
{
	struct timespec pause = {.tv_nsec = nanoseconds};

	nanosleep(&pause, NULL);
}

static int fail(const char *what, const char *on, const char *why)
{
	fprintf(stderr, "acrn-record: %s %s: %s\n", what, on, why);
	return 3;
}

static const char *search(const struct record_options *options, const struct guest_ram *ram,
			  struct ring_map *map)
{
	const char *why;
	int wait, last_try, patience = SEARCH_PATIENCE;

	for (;;) {
		last_try = is_over;
		why = options->address == UINT64_MAX ? ring_search(map, ram, &wait)
						     : ring_at(map, ram, options->address, &wait);
		if (!why || last_try || (!wait && --patience == 0))
			return why;
		pause_for(SEARCH_NANOSECONDS);
	}
}

/* Until somebody says that the guest is over; then whatever is left. */
static void follow(struct follower *follower)
{
	while (!is_over && !follower->writer->failed)
		if (follower_pass(follower) < follower->rings->header.record_count / 64)
			pause_for(IDLE_NANOSECONDS);
	follower_pass(follower);
	follower_end(follower);
	follower_free(follower);
}

static uint64_t clock_of(const struct record_options *options,
			 const struct acrn_ring_header *header, enum acrn_trace_clock *clock)
{
	if (options->tsc_hz) {
		*clock = ACRN_TRACE_CLOCK_USER;
		return options->tsc_hz;
	}
	if (header->tsc_khz >= MIN_TSC_KHZ && header->tsc_khz <= MAX_TSC_KHZ) {
		*clock = ACRN_TRACE_CLOCK_GUEST;
		return header->tsc_khz * 1000ull;
	}
	*clock = ACRN_TRACE_CLOCK_HOST;
	return host_tsc_hz();
}

static int record(const struct record_options *options, struct trace_writer *writer)
{
	static struct guest_ram ram;
	static struct ring_map map;
	struct follower follower;
	enum acrn_trace_clock clock;
	const char *why;
	uint64_t tsc_hz;

	if (ram_open(&ram, options->ram))
		return fail("cannot map", options->ram, strerror(errno));
	if (record_ranges(options, &ram))
		return fail("cannot map", options->ram,
			    "the ranges given are not whole pages in it");
	why = search(options, &ram, &map);
	if (why)
		return fail("no calls were recorded from", options->ram, why);
	tsc_hz = clock_of(options, &map.rings.header, &clock);
	if (follower_begin(&follower, &map.rings, writer, tsc_hz, clock))
		return fail("cannot follow the ring in", options->ram, "not enough memory");
	follow(&follower);
	trace_end(writer);
	if (writer->failed)
		return fail("cannot write", options->output, strerror(writer->failed));
	fprintf(stderr, "acrn-record: %llu calls recorded, %llu lost\n",
		(unsigned long long)writer->records, (unsigned long long)writer->lost);
	return 0;
}

int main(int count, char **words)
{
	static struct trace_writer writer;
	struct record_options options;

	if (record_parse(&options, count, words))
		return 2;
	catch_signals();
	writer.file =
		open(options.output,
		     O_WRONLY | O_CREAT | O_CLOEXEC | (options.append ? O_APPEND : O_TRUNC), 0666);
	if (writer.file < 0)
		return fail("cannot write", options.output, strerror(errno));
	if (!options.append)
		trace_header(&writer);
	return record(&options, &writer);
}
