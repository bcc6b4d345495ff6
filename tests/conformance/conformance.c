/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * acrn-conformance FILE: replays recorded answers of the real ACRN against the model.
 *
 * Prints each difference on a line, and at the end `C cases, S steps, D differ, K skipped`. Skipped
 * are the steps whose result depended on hardware that the recording only faked, and those of cases
 * with a call that the model does not have. Status 0: none differ; 1: some do; 2: wrong use or a
 * bad file.
 */
#include "replay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum status {
	CONFORMS = 0,
	DIFFERS = 1,
	BAD_USE = 2,
};

static bool is_blank(const char *line, size_t length)
{
	return strspn(line, " \t\r\n") == length;
}

static bool play_line(const char *file, size_t number, const char *line, size_t length,
		      struct tally *tally)
{
	struct recorded_case recorded;
	char why[256];
	bool played;

	if (!recording_read(line, length, &recorded, why, sizeof(why))) {
		fprintf(stderr, "acrn-conformance: %s:%zu: %s.\n", file, number, why);
		return false;
	}
	played = replay(&recorded, tally);
	recording_free(&recorded);
	if (!played)
		fprintf(stderr,
			"acrn-conformance: %s:%zu: this case needs more memory than there is.\n",
			file, number);
	return played;
}

static bool play_file(const char *file, FILE *stream, struct tally *tally)
{
	char *line = NULL;
	size_t room = 0;
	size_t count = 0;
	bool good = true;
	ssize_t length;

	while (good && (length = getline(&line, &room, stream)) >= 0) {
		count++;
		if (!is_blank(line, (size_t)length))
			good = play_line(file, count, line, (size_t)length, tally);
	}
	free(line);
	if (good && !feof(stream)) {
		fprintf(stderr, "acrn-conformance: cannot read %s: %s.\n", file, strerror(errno));
		return false;
	}
	if (good && !tally->cases) {
		fprintf(stderr, "acrn-conformance: %s holds no case.\n", file);
		return false;
	}
	return good;
}

int main(int argc, char **argv)
{
	struct tally tally = {0};
	FILE *stream;
	bool good;

	if (argc != 2) {
		fprintf(stderr,
			"usage: acrn-conformance FILE (JSON lines, one recorded case a line)\n");
		return BAD_USE;
	}
	stream = fopen(argv[1], "r");
	if (!stream) {
		fprintf(stderr, "acrn-conformance: cannot open %s: %s.\n", argv[1],
			strerror(errno));
		return BAD_USE;
	}
	good = play_file(argv[1], stream, &tally);
	fclose(stream);
	if (!good)
		return BAD_USE;
	printf("%zu cases, %zu steps, %zu differ, %zu skipped\n", tally.cases, tally.steps,
	       tally.differ, tally.skipped);
	return tally.differ ? DIFFERS : CONFORMS;
}
