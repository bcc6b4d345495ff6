# SPDX-License-Identifier: BSD-3-Clause
"""Measures an x86-64 instruction that Capstone does not know.

New instructions come in the maps that have regular shapes: two- and three-byte opcodes, VEX, EVEX.
(Intel SDM volume 2, 2.1 to 2.7 and appendix A.) The one-byte map is old and Capstone knows it all.
"""

LONGEST = 15

_PREFIXES = frozenset(b"\x66\x67\xf2\xf3\xf0\x2e\x36\x3e\x26\x64\x65")
_TWO_BYTE, _MAP_38, _MAP_3A = 0x0F, 0x38, 0x3A
_VEX2, _VEX3, _EVEX = 0xC5, 0xC4, 0x62
# In map 1: opcodes with an immediate byte; opcodes without ModRM
_IMMEDIATE_IN_MAP_1 = frozenset(b"\x70\x71\x72\x73\xa4\xac\xba\xc2\xc4\xc5\xc6")
_NO_MODRM_IN_MAP_1 = frozenset(b"\x77")


def instruction_length(code: bytes) -> int:
    """The length of the instruction that ``code`` begins with; 0 if its shape is not known."""
    at = 0
    while at < len(code) and code[at] in _PREFIXES:
        at += 1
    if at < len(code) and code[at] & 0xF0 == 0x40:
        at += 1
    try:
        opcode, kind = _opcode(code, at)
    except IndexError:
        return 0
    if kind is None or opcode >= len(code):
        return 0
    length = opcode + 1
    if not (kind == 1 and code[opcode] in _NO_MODRM_IN_MAP_1):
        length += _modrm_length(code[length : length + 2])
    if kind == 3 or (kind == 1 and code[opcode] in _IMMEDIATE_IN_MAP_1):
        length += 1
    return length if length <= len(code) else 0


def _opcode(code: bytes, at: int) -> tuple[int, int | None]:
    """Where the opcode is, and its map: 1, 2 (0F 38), 3 (0F 3A) …; None if there is no such map."""
    first = code[at]
    if first == _TWO_BYTE:
        if code[at + 1] in (_MAP_38, _MAP_3A):
            return at + 2, 2 if code[at + 1] == _MAP_38 else 3
        return at + 1, 1
    if first == _VEX2:
        return at + 2, 1
    if first == _VEX3:
        return at + 3, code[at + 1] & 31 or None
    if first == _EVEX:
        return at + 4, code[at + 1] & 7 or None
    return at, None


def _modrm_length(code: bytes) -> int:
    """The length of ModRM, SIB and displacement."""
    if not code:
        return 1
    mode, register = code[0] >> 6, code[0] & 7
    if mode == 3:
        return 1
    with_sib = register == 4
    base = code[1] & 7 if with_sib and len(code) > 1 else register
    displacement = (4 if base == 5 else 0, 1, 4)[mode]
    return 1 + with_sib + displacement
