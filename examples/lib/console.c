/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "console.h"
#include "x86.h"

#define COM1_DATA	 0x3f8
#define COM1_LINE_STATUS 0x3fd
#define COM1_CAN_SEND	 0x20

struct conversion {
	bool zeros, prefix, is_long;
	unsigned width;
};

static void print_char(char c)
{
	while (!(inb(COM1_LINE_STATUS) & COM1_CAN_SEND))
		pause();
	outb(COM1_DATA, c);
}

static void print_string(const char *text)
{
	while (*text)
		print_char(*text++);
}

static void print_number(uint64_t number, unsigned base, bool negative, struct conversion how)
{
	char digits[21];
	unsigned count = 0;

	do {
		digits[count++] = "0123456789abcdef"[number % base];
		number /= base;
	} while (number);
	for (unsigned used = count + negative; !how.zeros && used < how.width; used++)
		print_char(' ');
	if (negative)
		print_char('-');
	if (how.prefix)
		print_string("0x");
	for (unsigned used = count + negative; how.zeros && used < how.width; used++)
		print_char('0');
	while (count)
		print_char(digits[--count]);
}

static const char *parse(const char *format, struct conversion *how)
{
	for (; *format == '0' || *format == '#'; format++) {
		how->zeros |= *format == '0';
		how->prefix |= *format == '#';
	}
	for (; *format >= '0' && *format <= '9'; format++)
		how->width = how->width * 10 + *format - '0';
	for (; *format == 'l'; format++)
		how->is_long = true;
	return format;
}

static void print_signed(int64_t number, struct conversion how)
{
	print_number(number < 0 ? -(uint64_t)number : (uint64_t)number, 10, number < 0, how);
}

void print(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	for (; *format; format++) {
		struct conversion how = {0};

		if (*format != '%') {
			print_char(*format);
			continue;
		}
		format = parse(format + 1, &how);
		if (*format == 'd')
			print_signed(how.is_long ? va_arg(args, long) : va_arg(args, int), how);
		else if (*format == 'u' || *format == 'x')
			print_number(how.is_long ? va_arg(args, unsigned long)
						 : va_arg(args, unsigned int),
				     *format == 'u' ? 10 : 16, false, how);
		else if (*format == 's')
			print_string(va_arg(args, const char *));
		else if (*format == 'c')
			print_char(va_arg(args, int));
		else
			print_char(*format);
	}
	va_end(args);
}
