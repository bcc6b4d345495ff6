/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes the calls of recorded cases, and compares results and memory with what was recorded.
 *
 * QEMU puts the cases into memory (-device loader). Each begins from power-on: the machine is reset
 * before it, by a triple fault, and words that no boot code writes say how far the guest has come.
 */
#include "guest.h"
#include "lib/no_idt.h"
#include "machine.h"

#define WATCHED	      ((uint8_t *)0x20000000) /* where callers write, and calls */
#define WATCHED_BYTES 0x400000u
#define EXPECTED      ((uint8_t *)0x20801000) /* what is to be there; apart in QEMU's TLB */

struct byte {
	uint64_t address, value;
};

struct step {
	uint64_t number, argument[2], result;
	uint64_t is_fake; /* neither the result nor memory is known */
	uint64_t writes, changes;
	struct byte byte[]; /* of writes, then of changes */
};

struct recorded {
	uint64_t cases;
	uint8_t first[]; /* of each: how many steps, each as long as its bytes */
};

static const struct recorded *const recorded = (const void *)0x30000000;

static volatile struct {
	uint64_t done, calls, differ;
} *const so_far = (void *)0x20400000;

static const struct step *behind(const struct step *step)
{
	return (const struct step *)(step->byte + step->writes + step->changes);
}

static const uint64_t *case_at(uint64_t number)
{
	const uint64_t *steps = (const uint64_t *)recorded->first;

	while (number--) {
		const struct step *step = (const struct step *)(steps + 1);

		for (uint64_t i = *steps; i; i--)
			step = behind(step);
		steps = (const uint64_t *)step;
	}
	return steps;
}

static uint64_t call(const struct step *step)
{
	register uint64_t number __asm__("r8") = step->number;
	uint64_t result;

	__asm__ volatile("vmcall"
			 : "=a"(result)
			 : "r"(number), "D"(step->argument[0]), "S"(step->argument[1])
			 : "memory");
	return result;
}

static void put(uint8_t *memory, const struct byte *bytes, uint64_t count)
{
	for (; count; count--, bytes++)
		memory[bytes->address - (uint64_t)WATCHED] = bytes->value;
}

static bool is_same(void)
{
	const uint64_t *now = (const uint64_t *)WATCHED, *right = (const uint64_t *)EXPECTED;
	uint64_t differs = 0;

	for (uint32_t i = 0; i < WATCHED_BYTES / sizeof(*now); i += 4)
		differs |= (now[i] ^ right[i]) | (now[i + 1] ^ right[i + 1]) |
			   (now[i + 2] ^ right[i + 2]) | (now[i + 3] ^ right[i + 3]);
	return !differs;
}

static void clear(uint8_t *memory)
{
	uint64_t words = WATCHED_BYTES / sizeof(uint64_t);

	__asm__ volatile("rep stosq" : "+D"(memory), "+c"(words) : "a"(0ul) : "memory");
}

static void make(const struct step *step, uint64_t number)
{
	uint64_t result;

	put(WATCHED, step->byte, step->writes);
	put(EXPECTED, step->byte, step->writes);
	put(EXPECTED, step->byte + step->writes, step->changes);
	result = call(step);
	so_far->calls++;
	if (step->is_fake) {
		memcpy(EXPECTED, WATCHED, WATCHED_BYTES);
	} else if (result != step->result || !is_same()) {
		so_far->differ++;
		print("recorded: case %lu step %lu: %#lx, not %#lx, memory is %s\n", so_far->done,
		      number, result, step->result, is_same() ? "right" : "wrong");
	}
}

int guest_main(void)
{
	const uint64_t *steps = case_at(so_far->done);
	const struct step *step = (const struct step *)(steps + 1);

	clear(WATCHED);
	clear(EXPECTED);
	for (uint64_t i = 0; i < *steps; i++, step = behind(step))
		make(step, i);
	if (++so_far->done < recorded->cases)
		triple_fault();
	print("recorded: %lu cases, %lu calls, %lu differ\n", so_far->done, so_far->calls,
	      so_far->differ);
	return so_far->differ != 0;
}
