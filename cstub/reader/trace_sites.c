/* SPDX-License-Identifier: BSD-3-Clause */
/* Keeps the sites that a recording lists. */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "trace_sites.h"
#include "utf8.h"

#define WORDS 4 /* address, line, file, function */

/* Mixed with a seed that no file knows: else a list could make every look-up a long one. */
static uint32_t hash(const struct trace_sites *sites, uint64_t address)
{
	uint64_t mixed = address ^ sites->seed;

	mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9u;
	mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebu;
	return (uint32_t)(mixed ^ mixed >> 31) & (2 * sites->room - 1);
}

/* The slot of an address, or the free one where it belongs. */
static uint32_t *slot_of(const struct trace_sites *sites, uint64_t address)
{
	uint32_t at = hash(sites, address);

	while (sites->slot[at] && sites->site[sites->slot[at] - 1].address != address)
		at = (at + 1) & (2 * sites->room - 1);
	return &sites->slot[at];
}

static int grow(struct trace_sites *sites)
{
	uint32_t room = sites->room ? 2 * sites->room : 64;
	void *site = realloc(sites->site, room * sizeof(*sites->site));
	uint32_t *slot = calloc(2 * (size_t)room, sizeof(*slot));

	if (site)
		sites->site = site;
	if (!site || !slot) {
		free(slot);
		return -1;
	}
	if (!sites->room && getrandom(&sites->seed, sizeof(sites->seed), GRND_NONBLOCK) < 0)
		sites->seed = (uintptr_t)site;
	free(sites->slot);
	sites->slot = slot;
	sites->room = room;
	for (uint32_t i = 0; i < sites->count; i++)
		*slot_of(sites, sites->site[i].address) = i + 1;
	return 0;
}

static int put(struct trace_sites *sites, const struct trace_site *site)
{
	uint32_t *slot;

	if (sites->count == sites->room && grow(sites))
		return -1;
	slot = slot_of(sites, site->address);
	if (!*slot)
		*slot = ++sites->count;
	sites->site[*slot - 1] = *site;
	return 0;
}

/* A number of `base`, of up to `digits` digits; hexadecimal may have 0x in front. */
static int number_of(struct table_text word, unsigned int base, uint32_t digits, uint64_t *number)
{
	const char *at = word.text, *end = word.text + word.length;

	if (base == 16 && word.length > 2 && at[0] == '0' && at[1] == 'x')
		at += 2;
	if (at == end || (size_t)(end - at) > digits)
		return -1;
	for (*number = 0; at < end; at++) {
		unsigned int c = (unsigned char)*at, digit = c - '0';

		if (digit > 9)
			digit = (c | 32) - 'a' + 10u;
		if (digit >= base || (digit > 9 && (c | 32) < 'a'))
			return -1;
		*number = *number * base + digit;
	}
	return 0;
}

/* Cut a line, with its newline, into words, each with a NUL behind it. */
static int cut(char *line, size_t size, struct table_text words[WORDS])
{
	char *at = line;
	int count = 0;

	for (size_t i = 0; i < size; i++) {
		if (line[i] != '\t' && i + 1 < size)
			continue;
		if (count == WORDS)
			return -1;
		words[count].text = at;
		words[count++].length = (uint32_t)(line + i - at);
		line[i] = 0;
		at = line + i + 1;
	}
	return count == WORDS ? 0 : -1;
}

static int add_line(struct trace_sites *sites, char *line, size_t size)
{
	struct table_text words[WORDS];
	struct trace_site site = {0};

	if (sites->count >= SITES_MOST || cut(line, size, words) ||
	    number_of(words[0], 16, 16, &site.address))
		return -1;
	if (words[1].length && number_of(words[1], 10, 15, &site.place.line))
		return -1;
	if (words[2].length)
		site.place.file = words[2];
	if (words[3].length)
		site.place.function = words[3];
	return put(sites, &site);
}

/* The lines as UTF-8, with a newline behind the last; the list keeps them. */
static char *keep(struct trace_sites *sites, const uint8_t *lines, size_t *size)
{
	struct site_texts *texts = malloc(sizeof(*texts) + 3 * *size + 1), *less;

	if (!texts)
		return NULL;
	*size = utf8_of(texts->bytes, lines, *size);
	if (*size && texts->bytes[*size - 1] != '\n')
		texts->bytes[(*size)++] = '\n';
	less = realloc(texts, sizeof(*texts) + *size);
	texts = less ? less : texts;
	texts->next = sites->texts;
	sites->texts = texts;
	sites->bytes += *size;
	return texts->bytes;
}

int sites_add(struct trace_sites *sites, const uint8_t *lines, size_t size)
{
	char *line = keep(sites, lines, &size), *end, *newline;

	if (!line || sites->bytes > SITES_BYTES)
		return -1;
	for (end = line + size; line < end; line = newline + 1) {
		newline = memchr(line, '\n', (size_t)(end - line));
		if (add_line(sites, line, (size_t)(newline + 1 - line)))
			return -1;
	}
	return 0;
}

const struct place *sites_find(const struct trace_sites *sites, uint64_t address)
{
	uint32_t index = sites->room ? *slot_of(sites, address) : 0;

	return index ? &sites->site[index - 1].place : NULL;
}

void sites_free(struct trace_sites *sites)
{
	struct site_texts *texts, *next;

	for (texts = sites->texts; texts; texts = next) {
		next = texts->next;
		free(texts);
	}
	free(sites->site);
	free(sites->slot);
	memset(sites, 0, sizeof(*sites));
}
