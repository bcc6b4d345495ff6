/* SPDX-License-Identifier: BSD-3-Clause */
#include "done.h"

#include "text_in_arena.h"

#define POKE_WORD 11u /* of "poke_enter ", "poke_exit  " at most */

int call_has_done(const struct call *call, enum hypercall_what what)
{
	for (uint32_t i = 0; i < call->record->dones; i++)
		if (call->record->done[i].what == what)
			return 1;
	return 0;
}

int call_is_injected(const struct call *call)
{
	return call->record->flags & HYPERCALL_ANSWERED && call_has_done(call, HYPERCALL_INJECTED);
}

const char *call_answered_by(const struct call *call)
{
	if (!(call->record->flags & HYPERCALL_ANSWERED))
		return NULL;
	if (call_has_done(call, HYPERCALL_REPLAYED))
		return "replay";
	return call_is_injected(call) ? "inject" : "mock";
}

void find_departure(struct call *call, struct arena *arena)
{
	for (uint32_t i = 0; i < call->record->dones; i++) {
		const struct done *done = &call->record->done[i];
		struct out out = begin_text(arena);
		struct table_text text;

		if (done->what != HYPERCALL_DEPARTS)
			continue;
		out_text(&out, call->title);
		out_literal(&out, " departs from the recording, ");
		if (done->text.length) {
			out_literal(&out, "whose call ");
			out_decimal(&out, done->before);
			out_literal(&out, " is ");
			out_text(&out, done->text);
		} else {
			out_literal(&out, "which has no more calls of its vCPU");
		}
		text = keep_text(arena, &out);
		call_find(call, arena, "replay-departs", text.text, text.length);
	}
}

static int is_mocked(const struct call *call)
{
	return call->record->flags & HYPERCALL_ANSWERED && call_has_done(call, HYPERCALL_MOCKED);
}

/* Whether it is told of: an answer that the call did not get is not. */
static int is_told(const struct call *call, const struct done *done)
{
	return done->what != HYPERCALL_MOCKED && done->what < HYPERCALL_REPLAYED &&
	       (done->what != HYPERCALL_INJECTED || call_is_injected(call));
}

static void out_value(struct out *out, const struct done *done, uint64_t value)
{
	if (done->bits > 32)
		out_hex(out, value);
	else
		out_decimal(out, value);
}

/* What came of a poke, behind its place. */
static void out_outcome(struct out *out, const struct done *done)
{
	if (done->what == HYPERCALL_POKED) {
		out_literal(out, ": ");
		out_value(out, done, done->before);
		out_literal(out, " => ");
		out_value(out, done, done->after);
	} else if (done->what == HYPERCALL_NOT_POKED) {
		out_literal(out, ": there is no memory at ");
		out_hex(out, done->before);
	} else if (done->what == HYPERCALL_NOT_POKED_BEYOND) {
		out_literal(out, ": it has ");
		out_decimal(out, done->before);
		out_literal(out, " elements");
	}
}

static int is_poke(const struct done *done)
{
	return done->what >= HYPERCALL_POKED && done->what <= HYPERCALL_NOT_POKED_BEYOND;
}

/* "vm.vmid" of "poke_exit vm.vmid". */
static struct table_text place_of(const struct done *done)
{
	struct table_text place = done->text;

	for (uint32_t i = 0; i < done->text.length && i < POKE_WORD; i++)
		if (done->text.text[i] == ' ')
			place = (struct table_text){done->text.text + i + 1,
						    done->text.length - i - 1};
	return place;
}

static void json_one(struct out *out, const struct done *done)
{
	out_char(out, '"');
	if (is_poke(done) && done->what != HYPERCALL_POKED) {
		out_literal(out, "unpoked ");
		out_text(out, place_of(done));
	} else {
		out_text(out, done->text);
	}
	out_outcome(out, done);
	out_char(out, '"');
}

void json_done(struct out *out, const struct call *call)
{
	uint32_t told = 0;

	if (is_mocked(call))
		out_literal(out, ",\"mocked\":\"result\"");
	for (uint32_t i = 0; i < call->record->dones; i++) {
		const struct done *done = &call->record->done[i];

		if (!is_told(call, done))
			continue;
		if (!told++)
			out_literal(out, ",\"injected\":[");
		else
			out_char(out, ',');
		json_one(out, done);
	}
	if (told)
		out_char(out, ']');
}

int call_was_tampered_with(const struct call *call)
{
	for (uint32_t i = 0; i < call->record->dones; i++)
		if (is_told(call, &call->record->done[i]))
			return 1;
	return 0;
}

static void text_pokes(struct out *out, const struct call *call, int is_poked)
{
	for (uint32_t i = 0; i < call->record->dones; i++) {
		const struct done *done = &call->record->done[i];

		if (!is_poke(done) || (done->what == HYPERCALL_POKED) != is_poked)
			continue;
		if (is_poked)
			out_literal(out, " (POKED ");
		else
			out_literal(out, " (NOT POKED ");
		out_text(out, place_of(done));
		out_outcome(out, done);
		out_char(out, ')');
	}
}

void text_done(struct out *out, const struct call *call)
{
	if (!call->record->dones)
		return;
	if (is_mocked(call))
		out_literal(out, " (MOCKED)");
	if (call_is_injected(call))
		out_literal(out, " (INJECTED)");
	if (call_has_done(call, HYPERCALL_DELAYED))
		out_literal(out, " (DELAYED)");
	text_pokes(out, call, 1);
	text_pokes(out, call, 0);
}
