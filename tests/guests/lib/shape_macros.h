/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Short words for lists of fields. FIELDS(type, …) and, within, what each field is; `T` is the
 * structure.
 */
#ifndef TESTS_SHAPE_MACROS_H
#define TESTS_SHAPE_MACROS_H

/* clang-format off */

#include "acrn_types.h"
#include "shapes.h"

#define MEMBER(type, f) (((struct type *)0)->f)
#define SCALAR(type, f, how)                                                                       \
	.name = #f, .kind = how, .offset = offsetof(struct type, f), .size = sizeof(MEMBER(type, f))
#define LIST(type, f, how)                                                                         \
	.name = #f, .kind = how, .offset = offsetof(struct type, f),                               \
	.size = sizeof(MEMBER(type, f)[0]),                                                        \
	.count = sizeof(MEMBER(type, f)) / sizeof(MEMBER(type, f)[0])

#define PLAIN(type, f)	       {SCALAR(type, f, NUMBER)}
#define PLAINS(type, f)	       {LIST(type, f, NUMBER)}
#define INTEGER(type, f)       {SCALAR(type, f, SIGNED)}
#define NAMED(type, f, list)   {SCALAR(type, f, ONE_OF), .names = list}
#define FLAGGED(type, f, list) {SCALAR(type, f, SET_OF), .names = list}
#define WORDS(type, f)	       {LIST(type, f, TEXT)}
#define WITHIN(type, f, of)    {SCALAR(type, f, STRUCTURE), .shape = &shape_##of}
#define ALL_OF(type, f, of)    {LIST(type, f, STRUCTURE), .shape = &shape_##of}
#define COUNTED(type, f, how)     {LIST(type, f, NUMBER), .there = how}
#define COUNTED_OF(type, f, of, how)                                                               \
	{LIST(type, f, STRUCTURE), .shape = &shape_##of, .there = how}
#define IF_THERE(type, f, how) {SCALAR(type, f, NUMBER), .there = how}
#define POINTS(type, f)	       {SCALAR(type, f, ADDRESS)}

/* Bit fields have no offsetof(): `first` byte and how many. */
#define BITS(f, first, bytes)	     {.name = #f, .kind = NUMBER, .offset = first, .size = bytes}
#define NAMED_BITS(f, first, bytes, list)                                                          \
	{.name = #f, .kind = ONE_OF, .offset = first, .size = bytes, .names = list}

#define NAME(value) {value, #value}
#define NAMES(list, ...)                                                                           \
	const struct name list[] = {__VA_ARGS__, {0, NULL}}

#define SHAPE(type, ...)                                                                           \
	static const struct field fields_of_##type[] = {__VA_ARGS__};                              \
	const struct shape shape_##type = {                                                        \
		.size = sizeof(struct type),                                                       \
		.fields = sizeof(fields_of_##type) / sizeof(struct field),                         \
		.field = fields_of_##type,                                                         \
	}

#endif
