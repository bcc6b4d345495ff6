/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that changes anything in its RAM, all the time, while it is searched for rings and while
 * these are followed: a thread that scribbles on the file that is mapped. So many rounds; in each,
 * rings are mapped before it scribbles, and followed, and others searched and mapped meanwhile.
 * Then it is read as if the guest stood still, which it does not.
 *
 *   scribbling-guest FILE ROUNDS SEED
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "followed.h"
#include "ring_search.h"

#define PASSES 8

enum wish { REST, SCRIBBLE, END };

static struct guest_image image;
static struct guest_ram ram;
static struct ring_map map;
static _Atomic enum wish wish;
static atomic_uint rests, deeds; /* counted: how often it noticed that it is to rest, and worked */

struct bytes {
	unsigned short seed[3];
	unsigned char data[64];
};

static struct input random_input(struct bytes *bytes)
{
	for (size_t i = 0; i < sizeof(bytes->data); i++)
		bytes->data[i] = (unsigned char)(nrand48(bytes->seed) >> 8);
	return (struct input){bytes->data, sizeof(bytes->data)};
}

/* The other thread, on a machine that is busy, too: one that only yields is run again at once. */
static void let_others_run(void)
{
	struct timespec pause = {.tv_nsec = 10000};

	nanosleep(&pause, NULL);
}

static void *scribble(void *seed)
{
	struct bytes bytes = {.seed = {1, 2, *(unsigned short *)seed}};
	enum wish now;

	while ((now = wish) != END) {
		struct input input = random_input(&bytes);

		if (now == SCRIBBLE) {
			go_on(&image, &input);
			deeds++;
		} else {
			rests++;
			let_others_run();
		}
	}
	return NULL;
}

static void wait_for_one_more(atomic_uint *counter)
{
	unsigned int before = *counter;

	while (*counter == before)
		let_others_run();
}

static void meanwhile(void *unused)
{
	(void)unused;
	wait_for_one_more(&deeds);
}

static void set_up(const char *path)
{
	struct ram_range range = {.size = ZONE_PAGES * PAGE};
	int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (file < 0 || ftruncate(file, FILE_SIZE) || ram_open(&ram, path))
		abort();
	image.file = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (image.file == MAP_FAILED)
		abort();
	for (unsigned int zone = 0; zone < ZONES; zone++) {
		range.address = zone * (4ull << 30);
		range.offset = place_of(zone, 0);
		if (ram_add_range(&ram, range))
			abort();
	}
}

static void lay_out_undisturbed(struct bytes *bytes)
{
	struct input input = random_input(bytes);

	wish = REST;
	wait_for_one_more(&rests);
	lay_out(&image, &input);
}

/* Whether there were any. */
static int search_and_follow(unsigned int passes, uint64_t *records)
{
	int wait;

	if (ring_search(&map, &ram, &wait))
		return 0;
	check_map(&map, &ram);
	wish = SCRIBBLE;
	*records += follow_rings(&map.rings, passes, meanwhile, NULL);
	*records += read_contents(&map.rings, passes & 1);
	ring_unmap(&map);
	return 1;
}

static void go(unsigned long rounds, struct bytes *bytes)
{
	unsigned long found = 0;
	uint64_t records = 0;

	for (unsigned long i = 0; i < rounds; i++) {
		lay_out_undisturbed(bytes);
		if (!search_and_follow(PASSES, &records))
			abort();
		lay_out_undisturbed(bytes);
		wish = SCRIBBLE;
		found += (unsigned long)search_and_follow(2, &records);
	}
	printf("rounds %lu found %lu records %llu\n", rounds, found, (unsigned long long)records);
}

int main(int count, char **words)
{
	unsigned long rounds = count == 4 ? strtoul(words[2], NULL, 10) : 0;
	unsigned short seed = count == 4 ? (unsigned short)strtoul(words[3], NULL, 10) : 0;
	struct bytes bytes = {.seed = {seed, 4, 5}};
	pthread_t guest;

	if (!rounds)
		return 2;
	set_up(words[1]);
	if (pthread_create(&guest, NULL, scribble, &seed))
		abort();
	go(rounds, &bytes);
	wish = END;
	pthread_join(guest, NULL);
	return 0;
}
