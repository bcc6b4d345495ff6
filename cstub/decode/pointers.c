/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Follows pointers in structures to what was captured with the call, or is read now; what was not
 * captured is an address.
 */
#include "decoder.h"

struct span captured_at(const struct decoder *decoder, uint64_t address)
{
	for (uint32_t i = 0; i < decoder->count; i++) {
		const struct capture *capture = &decoder->captures[i];
		uint64_t inside = address - capture->address;

		if (!capture->is_first && !capture->wanted && inside < capture->size)
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

/* Make `value` what is not known: an address, or why it could not be read. */
static void leave(struct decoder *decoder, struct value *value, uint64_t address)
{
	value->kind = VALUE_HEX;
	value->number = address;
	if (decoder->memory)
		make_unreadable(decoder, value, address, decoder->why);
}

static void decode_one(struct decoder *decoder, struct value *pointer, uint32_t type,
		       uint64_t address)
{
	uint32_t size = type_size(type_entry(decoder->table, type));
	struct span data = decoder->memory ? read_extent(decoder, type, address)
					   : read_of(decoder, captured_at(decoder, address), size);

	if (!data.bytes || (!decoder->memory && !is_decodable(decoder->table, type, data)))
		return;
	pointer->first = new_value(decoder->arena);
	if (pointer->first)
		decode_type(decoder, pointer->first, type, data, 0);
}

/* An element of an array of which `data` is known. */
static struct span element_at(struct decoder *decoder, struct span data, uint32_t at, uint32_t size,
			      uint64_t address)
{
	struct span rest = {0};

	if (at < data.size)
		rest = (struct span){data.bytes + at, data.size - at};
	if (!decoder->memory)
		return read_of(decoder, rest, size);
	rest.size = size;
	return rest.bytes ? rest : read_bytes(decoder, address + at, size);
}

/* The elements that are known, and the address of the next where that is not the last. Whether
   there is any, or none to be known. */
static int decode_elements(struct decoder *decoder, struct value *list, uint32_t type,
			   uint64_t count, struct span data, uint64_t address)
{
	uint32_t size = type_size(type_entry(decoder->table, type)), at = 0;
	struct value **tail = &list->first, *child;

	for (; list->size < count; at += size) {
		struct span one = element_at(decoder, data, at, size, address);

		if (one.size < size && !list->size)
			return 0;
		child = new_value(decoder->arena);
		if (!child)
			return 1;
		*tail = child;
		tail = &child->next;
		list->size++;
		if (one.size < size) {
			leave(decoder, child, address + at);
			return 1;
		}
		decode_type(decoder, child, type, one, 0);
	}
	return 1;
}

int decode_list(struct decoder *decoder, struct value *list, const struct pointee *pointee,
		uint64_t address)
{
	uint64_t count = pointee->count < VALUE_ELEMENTS ? pointee->count : VALUE_ELEMENTS;
	uint64_t size = type_size(type_entry(decoder->table, pointee->type));
	struct span data = {0};

	if (count && !size)
		return 0;
	list->kind = VALUE_LIST;
	if (!decoder->memory)
		data = captured_at(decoder, address);
	else if (count) /* at once, where it is all there */
		data = read_bytes(decoder, address, count * size);
	return decode_elements(decoder, list, pointee->type, count, data, address);
}

static void decode_several(struct decoder *decoder, struct value *pointer,
			   const struct pointee *pointee, uint64_t address)
{
	struct value *list = new_value(decoder->arena);

	if (!list || !decode_list(decoder, list, pointee, address))
		return;
	pointer->first = list;
	if (pointee->count > VALUE_ELEMENTS)
		pointer->omitted = pointee->count - VALUE_ELEMENTS;
}

void decode_pointer(struct decoder *decoder, struct value *value, const struct pointee *pointee,
		    uint64_t address)
{
	value->number = address;
	decoder->why = literal_text("too many pointers deep");
	if (decoder->depth < VALUE_DEEPEST) {
		decoder->depth++;
		if (pointee->is_array && !is_unknown(decoder, pointee->type))
			decode_several(decoder, value, pointee, address);
		else
			decode_one(decoder, value, pointee->type, address);
		decoder->depth--;
	}
	value->direction = pointee->direction;
	if (value->first)
		value->kind = VALUE_POINTER;
	else
		leave(decoder, value, address);
}
