/* SPDX-License-Identifier: BSD-3-Clause */
/* Counts calls and their times by name. */
#include <stdlib.h>
#include <string.h>

#include "call_counts.h"
#include "done.h"

#define PLACES	     (4 * COUNTS_KINDS) /* of the hash table of names */
#define BUCKETS	     (COUNTS_OCTAVES * COUNTS_STEPS)
#define FIRST_OCTAVE (-29) /* frexp(1e-9) is 2^-29 times something */

struct row {
	char *name;
	uint32_t name_length;
	uint64_t calls, findings, tampered, times;
	unsigned __int128 total; /* microseconds, as the next two */
	uint64_t least, most;
	struct error_count {
		int64_t number;
		uint64_t calls;
	} error[COUNTS_ERRORS];
	uint32_t errors;
	int64_t vcpu[COUNTS_VCPUS];
	uint32_t vcpus;
	uint64_t bucket[BUCKETS];
};

struct call_counts {
	struct row *row[COUNTS_KINDS + 1]; /* the last is that of the others */
	uint32_t rows;
	uint16_t place[PLACES]; /* index + 1 */
};

struct call_counts *counts_new(void)
{
	return calloc(1, sizeof(struct call_counts));
}

void counts_forget(struct call_counts *counts)
{
	for (uint32_t i = 0; i < counts->rows; i++) {
		free(counts->row[i]->name);
		free(counts->row[i]);
	}
	memset(counts, 0, sizeof(*counts));
}

void counts_free(struct call_counts *counts)
{
	if (counts)
		counts_forget(counts);
	free(counts);
}

static uint32_t hash(const char *name, uint32_t length)
{
	uint32_t value = 2166136261u; /* FNV-1a */

	for (uint32_t i = 0; i < length; i++)
		value = (value ^ (unsigned char)name[i]) * 16777619u;
	return (value ^ value >> 15) & (PLACES - 1);
}

static struct row *new_row(struct call_counts *counts, const char *name, uint32_t length)
{
	struct row *row = calloc(1, sizeof(*row));
	char *copy = malloc(length + 1);

	if (!row || !copy) {
		free(row);
		free(copy);
		return NULL;
	}
	memcpy(copy, name, length);
	row->name = copy;
	row->name_length = length;
	row->least = UINT64_MAX;
	counts->row[counts->rows++] = row;
	return row;
}

/* The row of all names for which there is no room. */
static struct row *others(struct call_counts *counts)
{
	return counts->rows > COUNTS_KINDS ? counts->row[COUNTS_KINDS] : new_row(counts, "", 0);
}

static struct row *row_of(struct call_counts *counts, struct table_text name)
{
	uint32_t at = hash(name.text, name.length);
	struct row *row;

	for (; counts->place[at]; at = (at + 1) & (PLACES - 1)) {
		row = counts->row[counts->place[at] - 1];
		if (row->name_length == name.length && !memcmp(row->name, name.text, name.length))
			return row;
	}
	if (counts->rows >= COUNTS_KINDS)
		return others(counts);
	row = new_row(counts, name.text, name.length);
	if (row)
		counts->place[at] = (uint16_t)counts->rows;
	return row;
}

/* What sinks/summary.py calls it is made of the number there. */
static int64_t error_of(const struct call *call, const struct table *table)
{
	const uint8_t *error;

	if (call->status == CALL_FAULTED)
		return COUNTS_FAULTED;
	error = error_of_call(call, table);
	if (!error)
		return COUNTS_OTHER;
	return error_flags(error) & ERROR_VAGUE ? COUNTS_BARE : (int64_t)call->error;
}

static void count_error(struct row *row, int64_t number)
{
	uint32_t i = 0;

	while (i < row->errors && row->error[i].number != number)
		i++;
	if (i == COUNTS_ERRORS)
		return;
	if (i == row->errors)
		row->error[row->errors++] = (struct error_count){number, 0};
	row->error[i].calls++;
}

static void count_vcpu(struct row *row, uint32_t vcpu)
{
	int64_t number = vcpu == HYPERCALL_UNKNOWN32 ? -1 : (int64_t)vcpu;

	for (uint32_t i = 0; i < row->vcpus; i++)
		if (row->vcpu[i] == number)
			return;
	if (row->vcpus < COUNTS_VCPUS)
		row->vcpu[row->vcpus++] = number;
}

/* Histogram's bucket: 32 a power of two, read from the bits of the seconds as a double. */
static int64_t bucket_of(uint64_t micros)
{
	double seconds = (double)micros / 1e6;
	uint64_t bits;

	seconds = seconds < 1e-9 ? 1e-9 : seconds > 1e9 ? 1e9 : seconds;
	memcpy(&bits, &seconds, sizeof(bits));
	return ((int64_t)(bits >> 52) - 1022) * COUNTS_STEPS + (int64_t)(bits >> 47 & 31);
}

static void count_time(struct row *row, uint64_t micros)
{
	row->times++;
	row->total += micros;
	row->least = micros < row->least ? micros : row->least;
	row->most = micros > row->most ? micros : row->most;
	row->bucket[bucket_of(micros) - FIRST_OCTAVE * COUNTS_STEPS]++;
}

int counts_add(struct call_counts *counts, const struct call *call, const struct table *table)
{
	struct row *row = row_of(counts, call->title);

	if (!row)
		return -1;
	row->calls++;
	for (const struct finding *finding = call->findings; finding; finding = finding->next)
		row->findings++;
	row->tampered += call_was_tampered_with(call);
	if (call->has_duration)
		count_time(row, call->duration);
	if (call_failed(call))
		count_error(row, error_of(call, table));
	count_vcpu(row, call->record->vcpu);
	return 0;
}

struct writing {
	uint8_t *to;
	size_t room, size;
};

static void write_bytes(struct writing *writing, const void *bytes, size_t size)
{
	if (writing->size + size <= writing->room)
		memcpy(writing->to + writing->size, bytes, size);
	writing->size += size;
}

static void write_number(struct writing *writing, uint64_t number, size_t bytes)
{
	uint8_t little[8];

	for (size_t i = 0; i < bytes; i++)
		little[i] = (uint8_t)(number >> 8 * i);
	write_bytes(writing, little, bytes);
}

static void write_buckets(struct writing *writing, const struct row *row)
{
	uint32_t used = 0;

	for (int64_t i = 0; i < BUCKETS; i++)
		used += row->bucket[i] != 0;
	write_number(writing, used, 4);
	for (int64_t i = 0; i < BUCKETS; i++) {
		if (!row->bucket[i])
			continue;
		write_number(writing, (uint64_t)(i + FIRST_OCTAVE * COUNTS_STEPS), 8);
		write_number(writing, row->bucket[i], 8);
	}
}

static void write_row(struct writing *writing, const struct row *row)
{
	const uint64_t numbers[] = {row->calls,
				    row->findings,
				    row->tampered,
				    row->times,
				    (uint64_t)row->total,
				    (uint64_t)(row->total >> 64),
				    row->times ? row->least : 0,
				    row->most};

	write_number(writing, row->name_length, 4);
	write_bytes(writing, row->name, row->name_length);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		write_number(writing, numbers[i], 8);
	write_number(writing, row->errors, 4);
	for (uint32_t i = 0; i < row->errors; i++) {
		write_number(writing, (uint64_t)row->error[i].number, 8);
		write_number(writing, row->error[i].calls, 8);
	}
	write_number(writing, row->vcpus, 4);
	for (uint32_t i = 0; i < row->vcpus; i++)
		write_number(writing, (uint64_t)row->vcpu[i], 8);
	write_buckets(writing, row);
}

size_t counts_rows(const struct call_counts *counts, uint8_t *to, size_t room)
{
	struct writing writing = {to, room, 0};

	for (uint32_t i = 0; i < counts->rows; i++)
		write_row(&writing, counts->row[i]);
	return writing.size;
}
