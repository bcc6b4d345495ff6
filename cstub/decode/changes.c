/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Merges two trees of an argument to one: what the call changed in it.
 */
#include <string.h>

#include "value.h"

/* Whether both say the same, and so read the same. */
static int is_same(const struct value *one, const struct value *other);

static int are_same(const struct value *one, const struct value *other)
{
	for (; one && other; one = one->next, other = other->next)
		if (one->name != other->name || !is_same(one, other))
			return 0;
	return one == other;
}

static int is_same(const struct value *one, const struct value *other)
{
	if (one->kind != other->kind)
		return 0;
	switch (one->kind) {
	case VALUE_CHARACTERS:
	case VALUE_BYTES_OF:
		return one->size == other->size && memcmp(one->bytes, other->bytes, one->size) == 0;
	case VALUE_STRUCT:
	case VALUE_LIST:
		return are_same(one->first, other->first);
	case VALUE_POINTER:
		return one->number == other->number && one->omitted == other->omitted &&
		       is_same(one->first, other->first);
	case VALUE_NAME:
		return one->number == other->number && one->text.length == other->text.length &&
		       memcmp(one->text.text, other->text.text, one->text.length) == 0;
	default:
		return one->number == other->number;
	}
}

/* What stands for a field that is not in the tree: a reserved one is there only where it is not 0.
 */
static struct value *zero(const struct value *like, struct arena *arena)
{
	struct value *value = arena_take(arena, sizeof(*value));

	if (value)
		*value = (struct value){
			.kind = VALUE_NUMBER, .roles = like->roles, .name = like->name};
	return value;
}

static struct value *change(struct value *before, struct value *after, struct arena *arena)
{
	struct value *value = arena_take(arena, sizeof(*value));

	if (!value)
		return NULL;
	*value = (struct value){.kind = VALUE_CHANGE, .roles = after->roles, .name = after->name};
	value->first = before;
	before->next = after;
	after->next = NULL;
	return value;
}

/* Take the field of a name out of a list; NULL if there is none. */
static struct value *take(struct value **list, uint32_t name)
{
	struct value *found;

	while (*list && (*list)->name != name)
		list = &(*list)->next;
	found = *list;
	if (found)
		*list = found->next;
	return found;
}

static int have_one_in_common(struct value *ones, struct value *others)
{
	for (const struct value *one = ones; one; one = one->next)
		for (const struct value *other = others; other; other = other->next)
			if (one->name == other->name)
				return 1;
	return !ones || !others;
}

/* Whether both are one structure: not two members of a union, nor one that says another size. */
static int is_alike(const struct value *before, const struct value *after)
{
	if (before->kind != after->kind)
		return 0;
	if (before->kind == VALUE_POINTER)
		return before->omitted == after->omitted &&
		       !((before->flags ^ after->flags) & VALUE_UNREADABLE);
	if (before->kind == VALUE_LIST)
		return before->size == after->size;
	if (before->kind != VALUE_STRUCT)
		return 0;
	if (before->flags & after->flags & VALUE_SIZED && before->size != after->size)
		return 0;
	return have_one_in_common(before->first, after->first);
}

/* In the order of `before`, and then of what only `after` has. */
static struct value *merge_fields(struct value *before, struct value *after, struct arena *arena)
{
	struct value *rest = after->first, **tail = &after->first, *one = before->first, *next;

	for (; one || rest; one = next) {
		struct value *other = one ? take(&rest, one->name) : rest;

		next = one ? one->next : NULL;
		if (!one) {
			rest = rest->next;
			one = zero(other, arena);
		} else if (!other) {
			other = zero(one, arena);
		}
		*tail = one && other ? value_merge(one, other, arena) : NULL;
		if (!*tail)
			return NULL;
		tail = &(*tail)->next;
	}
	*tail = NULL;
	return after;
}

static struct value *merge_elements(struct value *before, struct value *after, struct arena *arena)
{
	struct value **tail = &after->first, *one = before->first, *other = after->first;

	while (one && other) {
		struct value *next = one->next, *next_other = other->next;

		*tail = value_merge(one, other, arena);
		if (!*tail)
			return NULL;
		tail = &(*tail)->next;
		one = next;
		other = next_other;
	}
	*tail = NULL;
	return after;
}

static struct value *merge_pointer(struct value *before, struct value *after, struct arena *arena)
{
	if (before->number != after->number) {
		after->flags |= VALUE_MOVED;
		after->moved_from = before->number;
	}
	after->first = value_merge(before->first, after->first, arena);
	return after->first ? after : NULL;
}

struct value *value_merge(struct value *before, struct value *after, struct arena *arena)
{
	if (is_alike(before, after)) {
		if (after->kind == VALUE_STRUCT)
			return merge_fields(before, after, arena);
		if (after->kind == VALUE_LIST)
			return merge_elements(before, after, arena);
		return merge_pointer(before, after, arena);
	}
	return is_same(before, after) ? after : change(before, after, arena);
}
