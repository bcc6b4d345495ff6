/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes numbers and times as text.
 *
 * Python's times are doubles, so what is shown of a time is what a double has of it: of up to 15
 * digits all. Of more it is worked out here from the double's own bits, with whole numbers.
 */
#include "out.h"

#define MILLION	     1000000u
#define ALL_ARE_KEPT 1000000000000000ull /* microseconds; of fewer a double keeps each */

#define TEN(tens)                                                                                  \
	tens "0" tens "1" tens "2" tens "3" tens "4" tens "5" tens "6" tens "7" tens "8" tens "9"

static const char PAIRS[] =
	TEN("0") TEN("1") TEN("2") TEN("3") TEN("4") TEN("5") TEN("6") TEN("7") TEN("8") TEN("9");

static unsigned int count_digits(uint64_t number)
{
	unsigned int count = 1;

	for (; number >= 100; number /= 100)
		count += 2;
	return count + (number >= 10);
}

/* Numbers are written where they stay: what is copied right after it was written in pieces waits.
 */
void out_decimal(struct out *out, uint64_t number)
{
	unsigned int count = count_digits(number);
	char *at = out_take(out, count);

	if (!at)
		return;
	for (; count > 1; count -= 2, number /= 100)
		memcpy(at + count - 2, PAIRS + 2 * (number % 100), 2);
	if (count)
		*at = (char)('0' + number);
}

void out_signed(struct out *out, int64_t number)
{
	if (number < 0)
		out_char(out, '-');
	out_decimal(out, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

void out_hex(struct out *out, uint64_t number)
{
	unsigned int count = (67u - (unsigned int)__builtin_clzll(number | 1)) / 4;
	char *at = out_take(out, 2 + count);

	if (!at)
		return;
	memcpy(at, "0x", 2);
	for (; count; count--, number >>= 4)
		at[1 + count] = "0123456789abcdef"[number & 15];
}

/* A point and so many decimals of `fraction`. */
static void out_decimals(struct out *out, uint32_t fraction, unsigned int places)
{
	char *at = out_take(out, 1 + places);

	if (!at)
		return;
	*at = '.';
	for (; places; places--, fraction /= 10)
		at[places] = (char)('0' + fraction % 10);
}

/* The same with six decimals, which every line has twice. */
static void out_micros(struct out *out, uint64_t micros)
{
	uint32_t fraction = (uint32_t)(micros % MILLION);
	char *at;

	out_decimal(out, micros / MILLION);
	at = out_take(out, 7);
	if (!at)
		return;
	*at = '.';
	memcpy(at + 1, PAIRS + 2 * (fraction / 10000), 2);
	memcpy(at + 3, PAIRS + 2 * (fraction / 100 % 100), 2);
	memcpy(at + 5, PAIRS + 2 * (fraction % 100), 2);
}

/* A double of less than 2^53: mantissa / 2^shift. */
struct binary {
	uint64_t mantissa;
	unsigned int shift;
};

static struct binary binary_of(double number)
{
	uint64_t bits, exponent, fraction;

	memcpy(&bits, &number, sizeof(bits));
	exponent = bits >> 52 & 0x7ff;
	fraction = bits & ((1ull << 52) - 1);
	if (!exponent)
		return (struct binary){fraction, 1074};
	return (struct binary){fraction | 1ull << 52, 1075u - (unsigned int)exponent};
}

/* Rounded to the nearest; of two as near to the even one. */
static uint64_t shifted(unsigned __int128 number, unsigned int shift)
{
	unsigned __int128 half = shift ? (unsigned __int128)1 << (shift - 1) : 0;
	uint64_t whole = (uint64_t)(number >> shift);
	unsigned __int128 rest = number - ((unsigned __int128)whole << shift);

	return whole + (rest > half || (shift && rest == half && whole & 1));
}

/* Python's f"{seconds:.6f}". */
static void out_double(struct out *out, double seconds)
{
	struct binary is = binary_of(seconds < 0 ? -seconds : seconds);
	uint64_t whole = is.shift < 64 ? is.mantissa >> is.shift : 0;
	uint64_t rest = is.shift < 64 ? is.mantissa - (whole << is.shift) : is.mantissa, micros;

	micros = is.shift < 100 ? shifted((unsigned __int128)rest * MILLION, is.shift) : 0;
	if (seconds < 0)
		out_char(out, '-');
	out_decimal(out, whole + micros / MILLION);
	out_decimals(out, (uint32_t)(micros % MILLION), 6);
}

void out_seconds(struct out *out, uint64_t micros)
{
	if (micros < ALL_ARE_KEPT)
		out_micros(out, micros);
	else
		out_double(out, (double)micros / 1e6);
}

void out_seconds_between(struct out *out, uint64_t from, uint64_t to)
{
	if (from >= ALL_ARE_KEPT || to >= ALL_ARE_KEPT) {
		out_double(out, (double)to / 1e6 - (double)from / 1e6);
		return;
	}
	if (to < from)
		out_char(out, '-');
	out_micros(out, to < from ? from - to : to - from);
}

/* From 10^9 seconds to 2^53: the fewest decimals of which the same double would be read. */
static void out_shortest(struct out *out, double seconds)
{
	struct binary is = binary_of(seconds);
	unsigned int places = 0;
	uint64_t scale = 1, digits;

	for (;; places++, scale *= 10) { /* to 7: a double of 2^29 has 23 bits behind the point */
		unsigned __int128 exact = (unsigned __int128)is.mantissa * scale, read;

		digits = shifted(exact, is.shift);
		read = (unsigned __int128)digits << is.shift;
		read = 2 * (read > exact ? read - exact : exact - read);
		if (read < scale || (read == scale && !(is.mantissa & 1)))
			break;
	}
	out_decimal(out, digits / scale);
	out_decimals(out, (uint32_t)(digits % scale), places ? places : 1);
}

/* Less than 100 microseconds: with an exponent, as Python has what begins with five zeros. */
static void out_few_micros(struct out *out, unsigned int micros)
{
	out_decimal(out, micros < 10 ? micros : micros / 10);
	if (micros < 10) {
		out_literal(out, "e-06");
		return;
	}
	if (micros % 10)
		out_decimals(out, micros % 10, 1);
	out_literal(out, "e-05");
}

void out_json_seconds(struct out *out, uint64_t micros)
{
	uint32_t fraction = (uint32_t)(micros % MILLION);
	unsigned int places = 6;

	if (micros && micros < 100) {
		out_few_micros(out, (unsigned int)micros);
		return;
	}
	if (micros >= ALL_ARE_KEPT) {
		out_shortest(out, (double)micros / 1e6);
		return;
	}
	for (; places > 1 && fraction % 10 == 0; places--)
		fraction /= 10;
	out_decimal(out, micros / MILLION);
	out_decimals(out, fraction, places);
}
