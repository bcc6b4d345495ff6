/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The first bytes of an argument structure, into a record whose slot is taken: with the entry half
 * what the call reads, with the return half what it wrote. No byte is read behind the end that the
 * structure says of itself. What is secret is zeros from the start, what may be is not there.
 */
#include "acrn_ring_writer.h"
#include "acrn_types.h"

#if ACRN_RING_CAPTURE
/* Each row of acrn_sizes.def is for one or two of the tables below, and nothing to the others. */
#undef SIZED
#undef COUNTED
#undef LAYOUT
#undef BOUND
#define PLACE(structure, field)                                                                    \
	__builtin_offsetof(struct structure, field), sizeof(((struct structure *)0)->field)

#define LAYOUT(...)
#define BOUND(...)
#define SIZED(structure, ...)                                                                      \
	_Static_assert(ACRN_SIZE_RULE_(struct structure) == ACRN_SIZE_##structure##_,              \
		       "ACRN_SIZE_RULE_ lacks " #structure);
#define COUNTED(structure, array, ...)                                                             \
	SIZED(structure)                                                                           \
	_Static_assert(__builtin_offsetof(struct structure, array) +                               \
				       sizeof(((struct structure *)0)->array) ==                   \
			       sizeof(struct structure),                                           \
		       #array " is not the last of " #structure);
#include "acrn_sizes.def"
#undef SIZED
#undef COUNTED

/* A structure has `start` bytes, and `unit` for each that the number in it says. */
static const struct size_rule {
	uint32_t number, number_bytes;
	uint32_t start, unit, least;
} rules[] = {
#define SIZED(structure, field) [ACRN_SIZE_##structure##_] = {PLACE(structure, field), 0, 1, 0},
#define COUNTED(structure, array, field, least)                                                    \
	[ACRN_SIZE_##structure##_] = {PLACE(structure, field),                                     \
				      __builtin_offsetof(struct structure, array),                 \
				      sizeof(((struct structure *)0)->array[0]), least},
#include "acrn_sizes.def"
};
#undef SIZED
#undef COUNTED
#define SIZED(...)
#define COUNTED(...)

/* What a structure of so many bytes is laid out as. */
static const struct layout {
	uint32_t rule, bytes;
	uint32_t secret, secret_bytes;
} layouts[] = {
#undef LAYOUT
#define LAYOUT(structure, other, field)                                                            \
	{ACRN_SIZE_##structure##_, sizeof(struct other), PLACE(other, field)},
#include "acrn_sizes.def"
};
#undef LAYOUT
#define LAYOUT(...)

/* It is not that layout if there are more than so many bits. */
static const struct bound {
	uint32_t rule, bytes;
	uint32_t at, at_bytes, bits;
} bounds[] = {
#undef BOUND
#define BOUND(structure, other, field, bits)                                                       \
	{ACRN_SIZE_##structure##_, sizeof(struct other), PLACE(other, field), bits},
#include "acrn_sizes.def"
};

/* What may be kept of a structure: so many bytes, without those of its secret. */
struct part {
	uint32_t bytes;
	uint32_t secret, secret_bytes;
};

/* Read once: who else may write it meanwhile? */
static uint64_t number_at(const void *object, uint32_t at, uint32_t bytes)
{
	uint64_t number = 0;

	for (uint32_t i = 0; i < bytes; i++)
		number |= (uint64_t)((const volatile uint8_t *)object)[at + i] << (8 * i);
	return number;
}

static int is_in_bounds(const struct layout *layout, const void *object)
{
	for (uint32_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
		const struct bound *bound = &bounds[i];

		if (bound->rule == layout->rule && bound->bytes == layout->bytes &&
		    number_at(object, bound->at, bound->at_bytes) >> bound->bits)
			return 0;
	}
	return 1;
}

/* Without the secret; where nobody knows the layout, up to where in any of them a secret begins. */
static void leave_out_secret(struct part *part, uint32_t rule, uint64_t said, const void *object)
{
	uint32_t first = part->bytes;

	for (uint32_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		const struct layout *layout = &layouts[i];

		if (layout->rule != rule)
			continue;
		if (layout->bytes == said && is_in_bounds(layout, object)) {
			part->secret = layout->secret;
			part->secret_bytes = layout->secret_bytes;
			return;
		}
		first = layout->secret < first ? layout->secret : first;
	}
	part->bytes = first;
}

static struct part part_of(uint32_t rule, const void *object, uint32_t bytes)
{
	struct part part = {.bytes = bytes};
	const struct size_rule *is = &rules[rule];
	uint64_t said, least = (uint64_t)is->number + is->number_bytes;

	if (rule == ACRN_SIZE_FIXED_)
		return part;
	said = number_at(object, is->number, is->number_bytes);
	said = is->start + is->unit * (said < is->least ? is->least : said);
	if (said < bytes)
		part.bytes = said < least ? least : said;
	leave_out_secret(&part, rule, said, object);
	return part;
}

static uint8_t byte_of(const struct part *part, const void *object, uint32_t at)
{
	if (at - part->secret < part->secret_bytes)
		return 0;
	return ((const uint8_t *)object)[at];
}

/* Eight bytes a store; the last store may go beyond what is kept, not beyond the room. */
static uint32_t copy(uint8_t *to, uint32_t rule, const void *object, uint32_t bytes)
{
	struct part part = part_of(rule, object, bytes);
	uint32_t size = part.bytes < ACRN_RING_CAPTURE ? part.bytes : ACRN_RING_CAPTURE;

	for (uint32_t start = 0; start < size; start += 8) {
		uint64_t value = 0;

		for (uint32_t i = 0; i < 8 && start + i < size; i++)
			value |= (uint64_t)byte_of(&part, object, start + i) << (8 * i);
		acrn_store_((uint64_t *)(to + start), value);
	}
	return size;
}

static struct acrn_capture *capture_of(struct acrn_record *record)
{
	return (struct acrn_capture *)((char *)record + ACRN_CAPTURE_OFFSET_);
}

uint64_t acrn_ring_capture_in_(struct acrn_record *record, const struct acrn_captured_ *captured)
{
	struct acrn_capture *capture = capture_of(record);
	uint32_t size;

	if (!captured->in_bytes)
		return 0;
	size = copy(capture->bytes, captured->rule, captured->in, captured->in_bytes);
	__atomic_store_n(&capture->in_bytes, (uint16_t)size, __ATOMIC_RELAXED);
	return (uint64_t)ACRN_RECORD_CAPTURED_IN << ACRN_FLAGS_SHIFT_;
}

void acrn_ring_capture_out_(struct acrn_record *record, const struct acrn_captured_ *captured)
{
	struct acrn_capture *capture = capture_of(record);
	uint32_t size;

	if (!captured->out_bytes)
		return;
	size = copy(capture->bytes + ACRN_RING_CAPTURE, captured->rule, captured->out,
		    captured->out_bytes);
	__atomic_store_n(&capture->out_bytes, (uint16_t)size, __ATOMIC_RELAXED);
	acrn_add_flags_(record, ACRN_RECORD_CAPTURED_OUT);
}
#else
uint64_t acrn_ring_capture_in_(struct acrn_record *record, const struct acrn_captured_ *captured)
{
	(void)record, (void)captured;
	return 0;
}

void acrn_ring_capture_out_(struct acrn_record *record, const struct acrn_captured_ *captured)
{
	(void)record, (void)captured;
}
#endif
