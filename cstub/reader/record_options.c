/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record_options.h"

#define GIB (1ull << 30)

static const char usage[] =
	"usage: acrn-record [-o FILE] [-A] [-a ADDRESS] [-r ADDRESS:SIZE:OFFSET]... [-c HZ] RAM\n"
	"  RAM          the file of QEMU's -object memory-backend-file,...,share=on\n"
	"  -o FILE      the trace file to write (default: acrn.trace)\n"
	"  -A           append to FILE, which has a header\n"
	"  -a ADDRESS   the ring header's guest-physical address (default: search for it)\n"
	"  -r ...       SIZE bytes at OFFSET in RAM are at guest-physical ADDRESS (default: as on\n"
	"               QEMU's machine pc, where RAM from 3.5 GiB on leaves 3 GiB below 4 GiB)\n"
	"  -c HZ        ticks of the guest's TSC a second (default: as the ring says, or the "
	"host's)\n"
	"SIGTERM or SIGINT ends the recording.\n";

static int complain(const char *what, const char *word)
{
	fprintf(stderr, "acrn-record: %s: %s\n%s", word, what, usage);
	return -1;
}

/* A number that ends with `stop`; where it ends, or NULL. */
static char *number(char *text, char stop, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 0);
	return errno || end == text || *text == '-' || *end != stop ? NULL : end;
}

static int parse_range(struct record_options *options, char *text)
{
	struct ram_range *range;
	char *end;

	if (options->ranges == MAX_RAM_RANGES)
		return complain("too many ranges", text);
	range = &options->range[options->ranges++];
	end = number(text, ':', &range->address);
	end = end ? number(end + 1, ':', &range->size) : NULL;
	end = end ? number(end + 1, '\0', &range->offset) : NULL;
	return end ? 0 : complain("not ADDRESS:SIZE:OFFSET", text);
}

static int parse_option(struct record_options *options, int option)
{
	switch (option) {
	case 'o':
		options->output = optarg;
		return 0;
	case 'A':
		options->append = 1;
		return 0;
	case 'a':
		return number(optarg, '\0', &options->address) ? 0 : complain("no address", optarg);
	case 'r':
		return parse_range(options, optarg);
	case 'c':
		if (number(optarg, '\0', &options->tsc_hz) && options->tsc_hz >= 10000000 &&
		    options->tsc_hz <= 100 * 1000000000ull)
			return 0;
		return complain("not 10^7 to 10^11 ticks a second", optarg);
	}
	fputs(usage, stderr);
	return -1;
}

int record_parse(struct record_options *options, int count, char **words)
{
	int option;

	*options = (struct record_options){.output = "acrn.trace", .address = UINT64_MAX};
	while ((option = getopt(count, words, "o:Aa:r:c:h")) != -1)
		if (parse_option(options, option))
			return -1;
	if (optind != count - 1)
		return complain("name one file of RAM", words[0]);
	options->ram = words[optind];
	return 0;
}

static int default_ranges(struct guest_ram *ram)
{
	uint64_t below = ram->size >= 3 * GIB + GIB / 2 ? 3 * GIB : ram->size;
	struct ram_range low = {0, below, 0}, high = {4 * GIB, ram->size - below, below};

	if (ram_add_range(ram, low))
		return -1;
	return high.size ? ram_add_range(ram, high) : 0;
}

int record_ranges(const struct record_options *options, struct guest_ram *ram)
{
	if (!options->ranges)
		return default_ranges(ram);
	for (unsigned int i = 0; i < options->ranges; i++)
		if (ram_add_range(ram, options->range[i]))
			return -1;
	return 0;
}
