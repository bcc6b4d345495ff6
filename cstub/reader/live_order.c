/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "live_order.h"

#define LONGEST_STAMP 64u /* "%.6f" of less than 10^12, and a space */

void live_init(struct live_order *order)
{
	memset(order, 0, sizeof(*order));
	order->first = order->next = 1;
}

static struct live_call *call_of(struct live_order *order, uint64_t number)
{
	return &order->call[number % (LIVE_LOOKAHEAD + 1)];
}

void live_free(struct live_order *order)
{
	for (; order->first != order->next; order->first++)
		free(call_of(order, order->first)->text);
	free(order->text.bytes);
}

/* Room for so much more text; NULL without memory. */
static char *room_for(struct live_text *text, size_t size)
{
	size_t room = 2 * (text->size + size) + 65536;
	char *bytes;

	if (text->bytes && text->room - text->size >= size)
		return text->bytes + text->size;
	bytes = realloc(text->bytes, room);
	if (!bytes) {
		text->failed = 1;
		return NULL;
	}
	text->bytes = bytes;
	text->room = room;
	return bytes + text->size;
}

static void put(struct live_order *order, const char *bytes, size_t size)
{
	char *to = room_for(&order->text, size);

	if (to) {
		memcpy(to, bytes, size);
		order->text.size += size;
	}
}

static void put_section(struct live_order *order, const struct live_call *call,
			enum live_section section)
{
	const char *text = call->text;

	for (int i = 0; i < (int)section; i++)
		text += call->size[i];
	put(order, text, call->size[section]);
}

static void put_when(struct live_order *order, const struct live_call *call, double time)
{
	char *to;

	put_section(order, call, LIVE_VCPU);
	to = room_for(&order->text, LONGEST_STAMP);
	if (to)
		order->text.size +=
			(size_t)snprintf(to, LONGEST_STAMP, "%.6f ", time - order->start);
}

static void begin_line(struct live_order *order, const struct live_call *call)
{
	static const char unfinished[] = " <unfinished ...>\n";

	if (!order->started) {
		order->started = 1;
		order->start = call->shown;
		put_section(order, call, LIVE_HEAD);
	}
	if (order->open)
		put(order, unfinished, sizeof(unfinished) - 1);
	order->open = 0;
}

static void enter(struct live_order *order, struct live_call *call)
{
	call->entered = 1;
	if (call->flags & LIVE_NO_ENTRY)
		return;
	begin_line(order, call);
	if (call->flags & LIVE_BARE)
		return;
	put_when(order, call, call->shown);
	put_section(order, call, LIVE_CALL);
	order->open = call->number;
	call->begun = 1;
}

static void resume(struct live_order *order, const struct live_call *call)
{
	begin_line(order, call);
	if (call->flags & LIVE_BARE)
		return;
	put_when(order, call, call->begun ? call->resumed : call->shown);
	put_section(order, call, call->begun ? LIVE_RESUMED : LIVE_CALL);
}

static void finish(struct live_order *order, const struct live_call *call)
{
	if (!(call->flags & LIVE_NO_END)) {
		if (!call->number || order->open != call->number)
			resume(order, call);
		order->open = 0;
		put_section(order, call, LIVE_END);
	}
	free(call->text);
}

static int is_before(struct live_order *order, uint64_t one, uint64_t other)
{
	const struct live_call *a = call_of(order, one), *b = call_of(order, other);

	if (a->time != b->time)
		return a->time < b->time;
	return a->seq != b->seq ? a->seq < b->seq : one < other;
}

static void push_entry(struct live_order *order, uint64_t number)
{
	uint32_t at = order->entries++, above;

	for (; at; at = above) {
		above = (at - 1) / 2;
		if (!is_before(order, number, order->entry[above]))
			break;
		order->entry[at] = order->entry[above];
	}
	order->entry[at] = number;
}

static uint64_t pop_entry(struct live_order *order)
{
	uint64_t first = order->entry[0], last = order->entry[--order->entries];
	uint32_t at = 0, below;

	while ((below = 2 * at + 1) < order->entries) {
		if (below + 1 < order->entries &&
		    is_before(order, order->entry[below + 1], order->entry[below]))
			below++;
		if (!is_before(order, order->entry[below], last))
			break;
		order->entry[at] = order->entry[below];
		at = below;
	}
	order->entry[at] = last;
	return first;
}

/* When it ended. Unfinished ones in a row ended together, after the last of them began. */
static double end_of(struct live_order *order, const struct live_call *ending)
{
	double now = order->now;

	if (!isnan(ending->end))
		return ending->end;
	now = fmax(now, nextafter(ending->time, INFINITY));
	for (uint64_t i = order->first + 1; !order->in_run && i != order->next; i++) {
		if (!isnan(call_of(order, i)->end))
			break;
		now = fmax(now, nextafter(call_of(order, i)->time, INFINITY));
	}
	return now;
}

/* The next call that ends, after all that were made before it ended. */
static void first_end(struct live_order *order)
{
	struct live_call *ending = call_of(order, order->first);

	order->now = end_of(order, ending);
	while (!ending->entered ||
	       (order->entries && call_of(order, order->entry[0])->time < order->now))
		enter(order, call_of(order, pop_entry(order)));
	order->in_run = isnan(ending->end);
	finish(order, ending);
	order->first++;
}

void live_flush(struct live_order *order)
{
	while (order->first != order->next)
		first_end(order);
}

void live_add(struct live_order *order, const struct live_call *call)
{
	struct live_call *held;

	if (call->flags & LIVE_AT_ONCE) {
		live_flush(order);
		finish(order, call);
		return;
	}
	held = call_of(order, order->next);
	*held = *call;
	held->number = order->next++;
	push_entry(order, held->number);
	if (order->next - order->first > LIVE_LOOKAHEAD)
		first_end(order);
}
