/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finds registers that a call changed and must not, and what its number and result mean.
 */
#include "findings.h"

#include <string.h>

#include "arguments.h"
#include "text_in_arena.h"

#define EINVAL		(-22)		       /* of ACRN, which alone has rules with it */
#define RFLAGS_COMPARED (~(UINT64_C(1) << 16)) /* RF is the debugger's */

static const char *const register_names[HYPERCALL_REGISTERS] = {
	"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",	   "r8",
	"r9",  "r10", "r11", "r12", "r13", "r14", "r15", "rflags",
};

const char *register_name(uint32_t reg)
{
	return reg < HYPERCALL_REGISTERS ? register_names[reg] : "?";
}

static void out_upper(struct out *out, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		out_char(out, (char)(text[i] >= 'a' && text[i] <= 'z' ? text[i] - 32 : text[i]));
}

void out_register(struct out *out, uint32_t reg)
{
	out_upper(out, register_name(reg), strlen(register_name(reg)));
}

void out_hypervisor(struct out *out, const struct table *table, const uint8_t *abi)
{
	struct table_text name = table_text(table, abi_name(abi));

	out_upper(out, name.text, name.length);
}

void keep_finding(struct call *call, struct arena *arena, const char *kind, const struct out *out)
{
	struct table_text text = keep_text(arena, out);
	struct finding *finding = arena_take(arena, sizeof(*finding));

	if (!finding)
		return;
	*finding = (struct finding){NULL, kind, text};
	if (call->last_finding)
		call->last_finding->next = finding;
	else
		call->findings = finding;
	call->last_finding = finding;
}

void call_find(struct call *call, struct arena *arena, const char *kind, const char *text,
	       uint32_t length)
{
	struct out out = begin_text(arena);

	out_bytes(&out, text, length);
	keep_finding(call, arena, kind, &out);
}

void out_place(struct out *out, const struct call *call,
	       void (*out_name)(struct out *out, const char *text, size_t length))
{
	static const struct place NOWHERE;
	const struct place *place = call->has_place ? &call->place : &NOWHERE;
	struct table_text base;

	if (place->file.length) {
		base = place_base(place);
		out_name(out, base.text, base.length);
	} else {
		out_hex(out, call->record->site);
	}
	if (place->file.length && place->line) {
		out_char(out, ':');
		out_decimal(out, place->line);
	}
	if (place->function.length) {
		out_char(out, ' ');
		out_name(out, place->function.text, place->function.length);
	}
}

/* As it is: a finding is made printable as a whole, where it is shown. */
static void out_bare(struct out *out, const char *text, size_t length)
{
	out_bytes(out, text, length);
}

static void find_clobber(struct call *call, struct arena *arena, const struct change *change)
{
	struct out out = begin_text(arena);

	call->clobbered[call->clobbers++] = *change;
	out_text(&out, call->title);
	out_literal(&out, " changed ");
	out_bytes(&out, register_name(change->reg), strlen(register_name(change->reg)));
	out_literal(&out, ": ");
	out_hex(&out, change->before);
	out_literal(&out, " => ");
	out_hex(&out, change->after);
	out_literal(&out, ", at ");
	out_place(&out, call, out_bare);
	out_literal(&out, "; the hypervisor did");
	keep_finding(call, arena, "clobber", &out);
}

/* A register that must be left alone and was not. */
static int is_clobbered(const struct change *change, uint32_t may_change)
{
	if (change->reg == HYPERCALL_RFLAGS &&
	    !((change->before ^ change->after) & RFLAGS_COMPARED))
		return 0;
	return !(may_change >> change->reg & 1);
}

/* The registers that the call may change: of a call that is not known, those of all arguments. */
static uint32_t may_change_of(const uint8_t *entry, const uint8_t *abi)
{
	uint32_t mask = entry ? call_may_change(entry) : 0;
	uint32_t count;

	if (!abi)
		return mask;
	count = entry ? call_arguments(entry) : abi_arguments(abi);
	if (!(abi_flags(abi) & ABI_LOSES_ARGUMENTS))
		count = 0;
	for (uint32_t i = 0; i < count && i < abi_arguments(abi); i++)
		mask |= 1u << abi_argument(abi, i);
	return mask | abi_lost(abi);
}

static void find_clobbers(struct call *call, struct arena *arena, const uint8_t *entry,
			  const uint8_t *abi)
{
	uint32_t may_change = may_change_of(entry, abi);

	for (uint32_t i = 0; i < call->record->changes; i++)
		if (is_clobbered(&call->record->changed[i], may_change))
			find_clobber(call, arena, &call->record->changed[i]);
}

/* A number of which the hypervisor looks at some bits alone, and the others are not the ABI's. */
static void find_number(struct call *call, const struct table *table, struct arena *arena,
			const uint8_t *abi)
{
	uint64_t base = abi ? abi_number_base(abi) : 0, index = abi ? abi_number_index(abi) : 0;
	uint64_t number = call->record->number;
	uint32_t bits = (uint32_t)__builtin_popcountll(index), reached;
	struct out out = begin_text(arena);

	if (!index || (number & ~index) == base)
		return;
	reached = table_call(table, call->abi, base | (number & index));
	out_register(&out, abi_number(abi));
	out_literal(&out, " is ");
	out_hex(&out, number);
	out_literal(&out, ", whose upper bits are not ");
	out_hex(&out, bits < 64 ? base >> bits : 0);
	out_literal(&out, ": ");
	out_hypervisor(&out, table, abi);
	out_literal(&out, " looks at the low ");
	out_decimal(&out, bits);
	out_literal(&out, " bits alone and calls ");
	if (reached == TABLE_NONE)
		out_literal(&out, "nothing");
	else
		out_text(&out, table_text(table, call_title(call_entry(table, reached))));
	keep_finding(call, arena, "number", &out);
}

/* Take the first word of ``a.b`` off it. */
static struct table_text next_word(struct table_text *path)
{
	const char *end = memchr(path->text, '.', path->length);
	struct table_text word = *path;

	if (end)
		word.length = (uint32_t)(end - path->text);
	path->text += word.length + (end != NULL);
	path->length -= word.length + (end != NULL);
	return word;
}

static const struct value *argument_named(const struct call *call, const struct table *table,
					  const uint8_t *entry, struct table_text name)
{
	for (uint32_t i = 0; i < call_arguments(entry); i++) {
		struct table_text one =
			table_text(table, argument_name(table_argument(table, entry, i)));

		if (one.length == name.length && memcmp(one.text, name.text, one.length) == 0)
			return call->argument[i];
	}
	return NULL;
}

/* The number at ``a.b`` after the call; whether there is one. */
static int number_at(const struct call *call, const struct table *table, const uint8_t *entry,
		     struct table_text path, uint64_t *number)
{
	const struct value *value = argument_named(call, table, entry, next_word(&path));

	while (value && path.length) {
		struct table_text word = next_word(&path);

		value = value_field(table, value, word.text, word.length);
	}
	if (value && value->kind == VALUE_CHANGE)
		value = value->first->next;
	if (!value || value->kind != VALUE_NUMBER)
		return 0;
	*number = value->number;
	return 1;
}

static void find_by_rule(struct call *call, struct arena *arena, const char *kind, const char *verb,
			 struct table_text why)
{
	struct out out = begin_text(arena);

	out_text(&out, call->title);
	out_bytes(&out, verb, strlen(verb));
	out_text(&out, why);
	keep_finding(call, arena, kind, &out);
}

/* The structure is where the hypervisor has no memory of the caller's. */
static void find_address(struct call *call, const struct table *table, struct arena *arena,
			 const uint8_t *entry, struct table_text argument)
{
	for (uint32_t i = 0; i < call_arguments(entry); i++) {
		struct table_text name =
			table_text(table, argument_name(table_argument(table, entry, i)));
		struct table_text why;
		struct out out;

		if (!call->argument[i] || name.text != argument.text)
			continue;
		why = argument_absence(call, table, arena, i);
		out = begin_text(arena);
		out_text(&out, call->title);
		out_literal(&out, " answered EINVAL: ");
		out_text(&out, name);
		out_literal(&out, " is at ");
		out_hex(&out, call->record->argument[i]);
		out_literal(&out, ", ");
		out_text(&out, why.length ? why : literal_text("not the guest's memory"));
		keep_finding(call, arena, "address", &out);
	}
}

static void apply_rule(struct call *call, const struct table *table, struct arena *arena,
		       const uint8_t *entry, const uint8_t *rule)
{
	uint32_t why = result_rule_why(rule),
		 path = result_rule_path(rule); /* where a rule has them */
	uint64_t number;

	switch (result_rule_kind(rule)) {
	case RULE_ZERO_FAILED_IF:
		if (call->result == 0 &&
		    number_at(call, table, entry, table_text(table, path), &number) &&
		    number == result_rule_value(rule))
			find_by_rule(call, arena, "zero-but-failed",
				     " failed though RAX is 0: ", table_text(table, why));
		break;
	case RULE_ZERO_PROVES_NOTHING:
		if (call->result == 0)
			find_by_rule(call, arena, "zero-proves-nothing", ": ",
				     table_text(table, why));
		break;
	case RULE_EINVAL_MEANS_ADDRESS:
		if (call->result == EINVAL)
			find_address(call, table, arena, entry, table_text(table, path));
	}
}

static void find_by_rules(struct call *call, const struct table *table, struct arena *arena,
			  const uint8_t *entry)
{
	uint32_t first = call_first_rule(entry), count = call_rules(entry);

	for (uint32_t i = 0; i < count; i++)
		apply_rule(call, table, arena, entry, result_rule_entry(table, first + i));
}

void find_at_return(struct call *call, const struct table *table, struct arena *arena,
		    int is_judged)
{
	const uint8_t *entry = NULL;

	if (call->entry != TABLE_NONE)
		entry = call_entry(table, call->entry);
	if (call->record->changes)
		find_clobbers(call, arena, entry, abi_of_call(call, table));
	if (!is_judged)
		return;
	if (!entry)
		find_number(call, table, arena, abi_of_call(call, table));
	else if (call->has_result)
		find_by_rules(call, table, arena, entry);
}
