/* SPDX-License-Identifier: BSD-3-Clause */
#include "recording.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the sentence goes that says what is wrong, and which step is being read (from 1; 0: none).
 */
struct reader {
	char *why;
	size_t size;
	size_t step;
};

__attribute__((format(printf, 2, 3))) static bool wrong(struct reader *reader, const char *format,
							...)
{
	va_list arguments;
	int used = 0;

	if (reader->step)
		used = snprintf(reader->why, reader->size, "step %zu: ", reader->step);
	va_start(arguments, format);
	vsnprintf(reader->why + used, reader->size - (size_t)used, format, arguments);
	va_end(arguments);
	return false;
}

static bool integer(struct reader *reader, const json_t *object, const char *key, json_int_t most,
		    json_int_t *value)
{
	const json_t *field = json_object_get(object, key);

	*value = json_integer_value(field);
	if (!json_is_integer(field) || *value < 0 || *value > most)
		return wrong(reader, "\"%s\" must be an integer from 0 to %lld", key,
			     (long long)most);
	return true;
}

static bool number(struct reader *reader, const char *what, const char *text, uint64_t *value)
{
	if (!text || strncmp(text, "0x", 2) || !text[2] || strlen(text) > 18 ||
	    strspn(text + 2, "0123456789abcdefABCDEF") != strlen(text + 2))
		return wrong(reader,
			     "\"%s\" must be a string \"0x...\" of up to 16 hexadecimal digits",
			     what);
	*value = strtoull(text, NULL, 16);
	return true;
}

static bool field_number(struct reader *reader, const json_t *object, const char *key,
			 uint64_t *value)
{
	return number(reader, key, json_string_value(json_object_get(object, key)), value);
}

static int digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *found = c ? strchr(digits, c | 0x20) : NULL;

	return found ? (int)(found - digits) : -1;
}

/* Appends the bytes that `hex` spells, from `address` on. */
static bool append_bytes(struct reader *reader, const char *key, uint64_t address, const char *hex,
			 struct changes *bytes)
{
	size_t count = hex ? strlen(hex) / 2 : 0;

	if (!hex || strlen(hex) % 2 || address + count < address)
		return wrong(reader, "\"%s\" must hold pairs of an address and hexadecimal bytes",
			     key);
	bytes->byte = realloc(bytes->byte, (bytes->count + count + 1) * sizeof(*bytes->byte));
	if (!bytes->byte)
		return wrong(reader, "there is not enough memory for \"%s\"", key);
	for (size_t i = 0; i < count; i++) {
		int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return wrong(reader, "\"%s\" holds bytes that are not hexadecimal", key);
		bytes->byte[bytes->count++] =
			(struct changed_byte){address + i, (uint8_t)(high << 4 | low)};
	}
	return true;
}

static int by_address(const void *a, const void *b)
{
	uint64_t first = ((const struct changed_byte *)a)->address;
	uint64_t second = ((const struct changed_byte *)b)->address;

	return (first > second) - (first < second);
}

static bool read_bytes(struct reader *reader, const json_t *step, const char *key,
		       struct changes *bytes)
{
	const json_t *list = json_object_get(step, key);
	const json_t *pair;
	uint64_t address;
	size_t i;

	if (!json_is_array(list))
		return wrong(reader, "\"%s\" must be a list", key);
	json_array_foreach(list, i, pair)
	{
		if (json_array_size(pair) != 2)
			return wrong(reader, "\"%s\" must hold pairs of an address and bytes", key);
		if (!number(reader, key, json_string_value(json_array_get(pair, 0)), &address) ||
		    !append_bytes(reader, key, address, json_string_value(json_array_get(pair, 1)),
				  bytes))
			return false;
	}
	return true;
}

/* In the order of their addresses, each byte once. */
static bool read_changes(struct reader *reader, const json_t *step, struct changes *changes)
{
	if (!read_bytes(reader, step, "changed", changes))
		return false;
	if (changes->count)
		qsort(changes->byte, changes->count, sizeof(*changes->byte), by_address);
	for (size_t i = 1; i < changes->count; i++)
		if (changes->byte[i].address == changes->byte[i - 1].address)
			return wrong(reader, "\"changed\" holds the byte at 0x%llx twice",
				     (unsigned long long)changes->byte[i].address);
	return true;
}

static bool read_settings(struct reader *reader, const json_t *json, struct step *step)
{
	const json_t *list = json_object_get(json, "pre");
	const json_t *text;
	size_t i;

	if (list && (!json_is_array(list) || json_array_size(list) > ACRN_MAX_VMS))
		return wrong(reader, "\"pre\" must be a list of at most %u settings", ACRN_MAX_VMS);
	json_array_foreach(list, i, text)
	{
		struct flags_setting *setting = &step->setting[step->settings];
		const char *words = json_string_value(text);
		unsigned int vm;
		int used = 0;

		if (!words || sscanf(words, "flags %u %n", &vm, &used) != 1 || vm >= ACRN_MAX_VMS ||
		    !number(reader, "pre", words + used, &setting->flags))
			return wrong(reader, "\"pre\" must hold settings \"flags VM 0x...\"");
		setting->vm = (uint16_t)vm;
		step->settings++;
	}
	return true;
}

static bool read_states(struct reader *reader, json_t *json, struct step *step)
{
	json_t *object = json_object_get(json, "vm_state");
	const char *key;
	json_t *pair;

	if (object && !json_is_object(object))
		return wrong(reader, "\"vm_state\" must be an object");
	json_object_foreach(object, key, pair)
	{
		json_int_t before = json_integer_value(json_array_get(pair, 0));
		json_int_t after = json_integer_value(json_array_get(pair, 1));
		unsigned long vm = strtoul(key, NULL, 10);

		if (digit(key[0]) < 0 || vm >= ACRN_MAX_VMS || step->states == ACRN_MAX_VMS ||
		    json_array_size(pair) != 2 || !json_is_integer(json_array_get(pair, 0)) ||
		    !json_is_integer(json_array_get(pair, 1)) || before < 0 || after < 0 ||
		    before > ACRN_VM_PAUSED || after > ACRN_VM_PAUSED)
			return wrong(reader, "\"vm_state\" must map VM ids to pairs of states");
		step->state[step->states++] = (struct state_change){
			(uint16_t)vm, (enum acrn_vm_state)before, (enum acrn_vm_state)after};
	}
	return true;
}

/* Either an exception, or RAX and, if it is there, the same as a signed number. */
static bool read_outcome(struct reader *reader, const json_t *json, struct step *step)
{
	const char *exception = json_string_value(json_object_get(json, "exception"));
	const json_t *rax = json_object_get(json, "rax");
	const json_t *ret = json_object_get(json, "ret");

	if (json_is_null(rax) && exception && !strcmp(exception, "#UD"))
		step->outcome = ACRN_RAISES_UD;
	else if (json_is_null(rax) && exception && !strcmp(exception, "#GP"))
		step->outcome = ACRN_RAISES_GP;
	else if (json_is_null(rax) || exception)
		return wrong(reader, "either \"rax\" or an \"exception\" #UD or #GP is needed");
	else if (!number(reader, "rax", json_string_value(rax), &step->rax))
		return false;
	else if (ret && json_integer_value(ret) != (int32_t)step->rax)
		return wrong(reader, "\"ret\" is not \"rax\" as a signed 32-bit number");
	return true;
}

static bool read_call(struct reader *reader, const json_t *json, struct step *step)
{
	const json_t *name = json_object_get(json, "name");
	json_int_t vm, cpl;

	if (!integer(reader, json, "vm", ACRN_MAX_VMS - 1, &vm) ||
	    !integer(reader, json, "cpl", 3, &cpl) ||
	    !field_number(reader, json, "nr", &step->call.number) ||
	    !field_number(reader, json, "rdi", &step->call.argument[0]) ||
	    !field_number(reader, json, "rsi", &step->call.argument[1]))
		return false;
	if (!json_is_string(name) && !json_is_null(name))
		return wrong(reader, "\"name\" must be a string or null");
	step->call.vm = (uint16_t)vm;
	step->call.cpl = (uint8_t)cpl;
	step->name = json_string_value(name);
	step->fake = json_is_true(json_object_get(json, "fake"));
	return true;
}

static bool read_step(struct reader *reader, json_t *json, struct step *step)
{
	if (!json_is_object(json))
		return wrong(reader, "a step must be an object");
	return read_call(reader, json, step) && read_bytes(reader, json, "write", &step->writes) &&
	       read_settings(reader, json, step) && read_outcome(reader, json, step) &&
	       read_changes(reader, json, &step->changes) && read_states(reader, json, step);
}

static bool read_case(struct reader *reader, json_t *json, struct recorded_case *recorded)
{
	json_t *steps = json_object_get(json, "steps");
	json_t *step;
	size_t i;

	recorded->name = json_string_value(json_object_get(json, "case"));
	if (!recorded->name)
		return wrong(reader, "the line must be an object with a string \"case\"");
	if (!json_is_array(steps))
		return wrong(reader, "\"steps\" must be a list");
	recorded->step = calloc(json_array_size(steps) + 1, sizeof(*recorded->step));
	if (!recorded->step)
		return wrong(reader, "there is not enough memory for its steps");
	json_array_foreach(steps, i, step)
	{
		reader->step = i + 1;
		recorded->steps = i + 1;
		if (!read_step(reader, step, &recorded->step[i]))
			return false;
	}
	return true;
}

bool recording_read(const char *line, size_t length, struct recorded_case *recorded, char *why,
		    size_t size)
{
	struct reader reader = {why, size, 0};
	json_error_t error;

	*recorded = (struct recorded_case){0};
	recorded->json = json_loadb(line, length, JSON_REJECT_DUPLICATES, &error);
	if (!recorded->json)
		return wrong(&reader, "this is not JSON at column %d: %s", error.column,
			     error.text);
	if (read_case(&reader, recorded->json, recorded))
		return true;
	recording_free(recorded);
	return false;
}

void recording_free(struct recorded_case *recorded)
{
	for (size_t i = 0; i < recorded->steps; i++) {
		free(recorded->step[i].writes.byte);
		free(recorded->step[i].changes.byte);
	}
	free(recorded->step);
	json_decref(recorded->json);
}
