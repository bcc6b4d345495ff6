/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Follows pointers in structures to what was captured with the call; what was not is an address.
 */
#include "decoder.h"

struct span captured_at(const struct decoder *decoder, uint64_t address)
{
	for (uint32_t i = 0; i < decoder->count; i++) {
		const struct capture *capture = &decoder->captures[i];
		uint64_t inside = address - capture->address;

		if (!capture->is_first && inside < capture->size)
			return (struct span){capture->bytes + inside,
					     capture->size - (uint32_t)inside};
	}
	return (struct span){0};
}

/* As much of `data` as may still be read, up to `size` bytes; that much less may be afterwards. */
static struct span read_of(struct decoder *decoder, struct span data, uint32_t size)
{
	if (data.size > size)
		data.size = size;
	if (data.size > decoder->left)
		data.size = 0;
	decoder->left -= data.size;
	return data;
}

static struct value *target(struct decoder *decoder, struct value *pointer)
{
	pointer->first = new_value(decoder->arena);
	return pointer->first;
}

static void decode_one(struct decoder *decoder, struct value *pointer, uint32_t type,
		       struct span data)
{
	struct value *value;

	data = read_of(decoder, data, type_size(type_entry(decoder->table, type)));
	if (!is_decodable(decoder->table, type, data))
		return;
	value = target(decoder, pointer);
	if (value)
		decode_type(decoder, value, type, data, 0);
}

/* The elements that are known, and the address of the next where that is not the last. */
static void decode_elements(struct decoder *decoder, struct value *list, uint32_t type,
			    uint64_t count, struct span data, uint64_t address)
{
	uint32_t size = type_size(type_entry(decoder->table, type)), at = 0;
	struct value **tail = &list->first, *child;

	for (; list->size < count; at += size) {
		struct span rest = {data.bytes + at, data.size - at};

		child = new_value(decoder->arena);
		if (!child)
			return;
		*tail = child;
		tail = &child->next;
		list->size++;
		rest = read_of(decoder, rest, size);
		if (rest.size < size) {
			child->kind = VALUE_HEX;
			child->number = address + at;
			return;
		}
		decode_type(decoder, child, type, rest, 0);
	}
}

static void decode_several(struct decoder *decoder, struct value *pointer,
			   const struct pointee *pointee, struct span data, uint64_t address)
{
	uint64_t count = pointee->count < VALUE_ELEMENTS ? pointee->count : VALUE_ELEMENTS;
	uint32_t size = type_size(type_entry(decoder->table, pointee->type));
	struct value *list;

	if (count && (!size || data.size < size || decoder->left < size))
		return;
	list = target(decoder, pointer);
	if (!list)
		return;
	list->kind = VALUE_LIST;
	pointer->omitted = pointee->count - count;
	decode_elements(decoder, list, pointee->type, count, data, address);
}

void decode_pointer(struct decoder *decoder, struct value *value, const struct pointee *pointee,
		    uint64_t address)
{
	value->kind = VALUE_HEX;
	value->number = address;
	if (decoder->depth == VALUE_DEEPEST)
		return;
	decoder->depth++;
	if (pointee->is_array)
		decode_several(decoder, value, pointee, captured_at(decoder, address), address);
	else
		decode_one(decoder, value, pointee->type, captured_at(decoder, address));
	decoder->depth--;
	if (value->first) {
		value->kind = VALUE_POINTER;
		value->direction = pointee->direction;
	}
}
