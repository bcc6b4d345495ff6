/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Decodes arrays and structures by the table's types.
 */
#include <string.h>

#include "decoder.h"

/* A field as the table has it, and where it is. */
struct field {
	const uint8_t *entry, *type;
	uint32_t offset, bits; /* in bits */
	uint32_t roles;
	uint32_t index; /* of its type */
};

/* A structure whose fields are decoded. */
struct structure {
	struct span data;
	struct extent extent;
};

/* What was read is whoever's to keep that gave it: but secrets. Ones, so that what may be a secret
 * by its bits is told to be one again. */
static void forget(const struct decoder *decoder, struct span data)
{
	if (decoder->memory)
		memset((uint8_t *)data.bytes, 0xff, data.size);
}

static void forget_from(const struct decoder *decoder, struct span data, uint32_t at)
{
	if (at < data.size)
		forget(decoder, (struct span){data.bytes + at, data.size - at});
}

static void redact(const struct decoder *decoder, struct value *value, struct span data)
{
	value->kind = VALUE_REDACTED;
	forget(decoder, data);
}

static struct value *append(struct decoder *decoder, struct value ***tail)
{
	struct value *value = new_value(decoder->arena);

	if (value) {
		**tail = value;
		*tail = &value->next;
	}
	return value;
}

void decode_characters(struct value *value, struct span data)
{
	const uint8_t *end = memchr(data.bytes, 0, data.size);

	value->kind = VALUE_CHARACTERS;
	value->bytes = data.bytes;
	value->size = end ? (uint32_t)(end - data.bytes) : data.size;
}

static void decode_array(struct decoder *decoder, struct value *value, const uint8_t *type,
			 struct span data, uint32_t roles)
{
	uint32_t element = type_element(type),
		 size = type_size(type_entry(decoder->table, element));
	struct value **tail = &value->first, *child;

	if (roles & FIELD_TEXT) {
		decode_characters(value, data);
		return;
	}
	value->kind = VALUE_LIST;
	value->size = data.size / size;
	for (uint32_t at = 0; at + size <= data.size && (child = append(decoder, &tail));
	     at += size)
		decode_type(decoder, child, element, (struct span){data.bytes + at, size}, roles);
}

/* The number in a field of the structure; 0 where it is not there. */
static uint64_t number_in(const struct decoder *decoder, const struct structure *structure,
			  uint32_t index)
{
	const uint8_t *field = field_entry(decoder->table, structure->extent.first_field + index);
	uint32_t offset = field_offset(field), bits = field_bits(field);

	if (offset + bits > structure->extent.size * 8)
		return 0;
	return load_bits(structure->data.bytes, structure->data.size, offset, bits);
}

static void decode_address(struct decoder *decoder, struct value *value, const struct field *field,
			   uint64_t address, const struct structure *structure)
{
	uint32_t counting = field_counter(field->entry);
	struct pointee pointee = {
		.type = field_pointee(field->entry),
		.direction = field_direction(field->entry),
		.is_array = counting != TABLE_NONE,
	};

	if (pointee.is_array)
		pointee.count = number_in(decoder, structure, counting);
	decode_pointer(decoder, value, &pointee, address);
}

/* The member of the union that a field beside it selects, or NULL. */
static const uint8_t *selected_member(const struct table *table, const struct field *field,
				      struct span structure)
{
	uint32_t index = field_selection(field->entry);
	const uint8_t *selection, *one;

	if (index == TABLE_NONE)
		return NULL;
	selection = selection_entry(table, index);
	one = table_case(table, selection,
			 load_bits(structure.bytes, structure.size, selection_offset(selection),
				   selection_bits(selection)));
	return one ? field_entry(table, type_first_field(field->type) + case_target(one)) : NULL;
}

static void decode_union(struct decoder *decoder, struct value *value, const struct field *field,
			 struct span data, struct span structure)
{
	const uint8_t *member = selected_member(decoder->table, field, structure);
	struct value **tail = &value->first, *child;
	uint32_t size;

	if (!member) {
		value->kind = VALUE_BYTES_OF;
		value->bytes = data.bytes;
		value->size = data.size;
		return;
	}
	value->kind = VALUE_STRUCT;
	child = append(decoder, &tail);
	if (!child)
		return;
	child->name = field_name(member);
	size = type_size(type_entry(decoder->table, field_type(member)));
	data.size = size < data.size ? size : data.size;
	decode_type(decoder, child, field_type(member), data, 0);
}

static void decode_field(struct decoder *decoder, struct value *value, const struct field *field,
			 uint64_t number, const struct structure *structure)
{
	struct span data = {structure->data.bytes + field->offset / 8, field->bits / 8};

	if (field->roles & FIELD_SECRET || type_kind(field->type) == TYPE_HIDDEN)
		redact(decoder, value, data);
	else if (field_pointee(field->entry) != TABLE_NONE)
		decode_address(decoder, value, field, number, structure);
	else if (type_kind(field->type) == TYPE_SCALAR)
		decode_number(decoder, value, field->index, number, field->bits, field->roles);
	else if (type_kind(field->type) == TYPE_UNION)
		decode_union(decoder, value, field, data, structure->data);
	else
		decode_type(decoder, value, field->index, data, field->roles);
}

static int is_all_zero(struct span data)
{
	while (data.size && !data.bytes[data.size - 1])
		data.size--;
	return data.size == 0;
}

static struct field field_at(const struct table *table, const struct extent *extent, uint32_t i)
{
	const uint8_t *entry = field_entry(table, extent->first_field + i);
	uint32_t index = field_type(entry);
	struct field field = {
		.entry = entry,
		.type = type_entry(table, index),
		.offset = field_offset(entry),
		.bits = field_bits(entry),
		.roles = field_roles(entry),
		.index = index,
	};

	if (field.offset == extent->counted_at && type_kind(field.type) == TYPE_ARRAY) {
		uint32_t size = type_size(type_entry(table, type_element(field.type)));
		uint32_t bits = extent->counted_bytes / size * size * 8;

		field.bits = bits < field.bits ? bits : field.bits;
	}
	return field;
}

/* Whether a field has no place in the tree: it is not known as a whole, or reserved and 0. */
static int is_left_out(const struct structure *structure, const struct field *field,
		       uint64_t number)
{
	if (field->offset + field->bits > structure->extent.size * 8)
		return 1;
	if (!(field->roles & FIELD_RESERVED) || number)
		return 0;
	return type_kind(field->type) == TYPE_SCALAR ||
	       is_all_zero(
		       (struct span){structure->data.bytes + field->offset / 8, field->bits / 8});
}

static void decode_fields(struct decoder *decoder, struct value *value,
			  const struct structure *structure)
{
	struct value **tail = &value->first, *child;

	for (uint32_t i = 0; i < structure->extent.fields; i++) {
		struct field field = field_at(decoder->table, &structure->extent, i);
		uint64_t number = 0;

		if (type_kind(field.type) == TYPE_SCALAR)
			number = load_bits(structure->data.bytes, structure->data.size,
					   field.offset, field.bits);
		if (is_left_out(structure, &field, number)) {
			if (field.offset + field.bits > structure->extent.size * 8)
				forget_from(decoder, structure->data, field.offset / 8);
			continue;
		}
		child = append(decoder, &tail);
		if (!child)
			return;
		child->name = field_name(field.entry);
		child->roles = (uint16_t)field.roles;
		decode_field(decoder, child, &field, number, structure);
	}
}

static void decode_structure(struct decoder *decoder, struct value *value, const uint8_t *type,
			     struct span data)
{
	struct structure structure = {data, whole_extent(type, data.size)};

	if (type_size_rule(type) != TABLE_NONE)
		size_by_rule(&structure.extent, decoder->table, type_size_rule(type), data);
	if (structure.extent.is_sized) /* there may be a secret at a place that is not known */
		forget_from(decoder, data, structure.extent.size);
	value->kind = VALUE_STRUCT;
	value->flags = structure.extent.is_sized ? VALUE_SIZED : 0;
	value->size = structure.extent.size;
	decode_fields(decoder, value, &structure);
}

void decode_type(struct decoder *decoder, struct value *value, uint32_t type, struct span data,
		 uint32_t roles)
{
	const uint8_t *entry = type_entry(decoder->table, type);
	uint32_t size = type_size(entry);

	switch (type_kind(entry)) {
	case TYPE_SCALAR:
		decode_number(decoder, value, type, load_bits(data.bytes, data.size, 0, size * 8),
			      size * 8, roles);
		break;
	case TYPE_ARRAY:
		data.size = data.size < size ? data.size : size;
		decode_array(decoder, value, entry, data, roles);
		break;
	case TYPE_HIDDEN:
	case TYPE_UNKNOWN:
		redact(decoder, value, data);
		break;
	default:
		decode_structure(decoder, value, entry, data);
	}
}

int is_decodable(const struct table *table, uint32_t type, struct span data)
{
	const uint8_t *entry = type_entry(table, type);

	if (type_kind(entry) == TYPE_UNKNOWN)
		return 0;
	return is_structure(entry) ? data.size > 0 : data.size >= type_size(entry);
}
