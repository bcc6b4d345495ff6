/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keeps a guest's own log of its calls as text, until the guest prints it, and reads its options.
 *
 *   HYPERVISOR WHO NUMBER ARGUMENT... = RESULT
 */
#ifndef CALL_LOG_H
#define CALL_LOG_H

#include <stdint.h>

struct call_log {
	char text[1u << 20];
	uint32_t size;
};

static inline void put(struct call_log *log, char c)
{
	if (log->size < sizeof(log->text) - 1)
		log->text[log->size++] = c;
}

static inline void put_text(struct call_log *log, const char *text)
{
	while (*text)
		put(log, *text++);
}

static inline void put_hex(struct call_log *log, uint64_t value)
{
	int shift = 60;

	put_text(log, " 0x");
	while (shift > 0 && !(value >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		put(log, "0123456789abcdef"[value >> shift & 15]);
}

static inline void log_call(struct call_log *log, const char *hypervisor, uint64_t who,
			    uint64_t number, const uint64_t *argument, int arguments,
			    uint64_t result)
{
	put_text(log, hypervisor);
	put_hex(log, who);
	put_hex(log, number);
	for (int i = 0; i < arguments; i++)
		put_hex(log, argument[i]);
	put_text(log, " =");
	put_hex(log, result);
	put(log, '\n');
}

/* Of a command line: behind "WORD=", or of "WORD" alone 1; 0 without it. */
static inline uint64_t option(const char *line, const char *word)
{
	for (; *line; line++) {
		const char *at = line, *letter = word;
		uint64_t number = 0;

		while (*letter && *at == *letter)
			at++, letter++;
		if (*letter)
			continue;
		if (*at++ != '=')
			return 1;
		while (*at >= '0' && *at <= '9')
			number = number * 10 + (uint64_t)(*at++ - '0');
		return number;
	}
	return 0;
}

#endif
