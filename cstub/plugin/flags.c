/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tells instructions that have nothing to do with RFLAGS, by their bytes.
 *
 * QEMU's translator keeps the arithmetic flags in a form that only the code of the block knows, so
 * that they are lost where the PC is set in its midst. Where no instruction of the block before
 * that reads or writes one, they are as they were stored before the block.
 */
#include <string.h>

#include "plugin.h"

static int is_prefix(uint8_t byte)
{
	return (byte >= 0x40 && byte <= 0x4f) || /* REX */
	       (byte >= 0x64 && byte <= 0x67);	 /* FS, GS, sizes */
}

/* Intel SDM volume 2, appendix A: tables. */
static int is_plain(uint8_t opcode)
{
	return (opcode >= 0x50 && opcode <= 0x5f) || /* PUSH, POP */
	       opcode == 0x63 ||		     /* MOVSXD */
	       opcode == 0x68 || opcode == 0x6a ||   /* PUSH */
	       (opcode >= 0x88 && opcode <= 0x8b) || /* MOV */
	       opcode == 0x8d ||		     /* LEA */
	       opcode == 0x90 ||		     /* NOP */
	       (opcode >= 0xb0 && opcode <= 0xbf) || /* MOV */
	       opcode == 0xc6 || opcode == 0xc7;     /* MOV */
}

static int is_plain_two_bytes(uint8_t opcode)
{
	return opcode == 0x1f ||		   /* NOP */
	       opcode == 0xb6 || opcode == 0xb7 || /* MOVZX */
	       opcode == 0xbe || opcode == 0xbf;   /* MOVSX */
}

static int is_endbr(const uint8_t *bytes, size_t size)
{
	static const uint8_t endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};

	return size == sizeof(endbr64) && !memcmp(bytes, endbr64, size);
}

int leaves_flags_alone(const uint8_t *bytes, size_t size)
{
	size_t at = 0;

	if (is_endbr(bytes, size))
		return 1;
	while (at < size && is_prefix(bytes[at]))
		at++;
	if (at + 1 < size && bytes[at] == 0x0f)
		return is_plain_two_bytes(bytes[at + 1]);
	return at < size && is_plain(bytes[at]);
}
