# SPDX-License-Identifier: BSD-3-Clause
"""Decodes x86 code to instructions, with Capstone, and past what Capstone does not know.

Capstone takes one byte for data where it knows no instruction, and what follows is then read from
its middle: that is how a scan misses a VMCALL behind a new instruction. The length of such an
instruction is computed instead (``instruction_length``).
"""

from acrn_trace.sites.disassembler import load_capstone
from acrn_trace.sites.instruction_length import LONGEST, instruction_length
from acrn_trace.sites.outline import UNKNOWN, FastOutline, Instruction, Outline, outline_of

__all__ = ["UNKNOWN", "Decoder", "Instruction", "instruction_text"]

# ``0f b9`` and ``0f ff`` take a ModRM byte, which Capstone 4 leaves out.
SHORT_BY_CAPSTONE = frozenset({"ud2b", "ud1", "ud0"})


class Decoder:
    """Sweeps over code in a straight line."""

    def __init__(self, for_people: bool = False, bits: int = 64) -> None:
        """``bits``: 64 or 32, of the code."""
        capstone = load_capstone()
        mode = {64: capstone.CS_MODE_64, 32: capstone.CS_MODE_32}[bits]
        self._disassembler = capstone.Cs(capstone.CS_ARCH_X86, mode)
        if for_people:
            self._disassembler.syntax = capstone.CS_OPT_SYNTAX_ATT  # as GDB and objdump
        self._disassembler.skipdata = True
        self._disassembler.skipdata_setup = (UNKNOWN, _length_of_unknown, None)
        self._fast = FastOutline(capstone, self._disassembler)

    def outline(self, code: bytes, address: int) -> Outline:
        """Where the instructions of ``code`` begin, and those that steer."""
        if self._fast.works and not _has_short(code):
            return self._fast.outline(code, address)
        return outline_of(self.decode(code, address))

    def decode(self, code: bytes, address: int, count: int = 0) -> list[Instruction]:
        """The instructions of ``code``, all or the first ``count``."""
        instructions = list(self._disassembler.disasm_lite(code, address, count))
        if not _has_short(code):
            return instructions
        return self._in_full_length(instructions, code, address)[: count or None]

    def _in_full_length(
        self, instructions: list[Instruction], code: bytes, base: int
    ) -> list[Instruction]:
        """What Capstone took for too short made longer, and what follows decoded from its end."""
        known = {instruction[0]: index for index, instruction in enumerate(instructions)}
        result: list[Instruction] = []
        index = 0
        while index < len(instructions):
            result.append(_in_full(instructions[index], code, base))
            end = sum(result[-1][:2])
            index += 1
            if end != sum(instructions[index - 1][:2]):
                index = self._rejoin(result, known, end, code, base)
        return result

    def _rejoin(
        self, result: list[Instruction], known: dict[int, int], end: int, code: bytes, base: int
    ) -> int:
        """Decode from ``end`` on, to where that meets an instruction that is known: its index."""
        while end not in known and end < base + len(code):
            data = code[end - base : end - base + LONGEST]
            instruction = next(self._disassembler.disasm_lite(data, end, 1), None)
            if instruction is None:
                break
            result.append(_in_full(instruction, code, base))
            end = sum(result[-1][:2])
        return known.get(end, len(known))


def instruction_text(code: bytes) -> str:
    """One instruction for people; addresses are relative to its own."""
    _, _, mnemonic, operands = Decoder(for_people=True).decode(code, 0, 1)[0]
    return f"{mnemonic} {operands}".strip()


def _in_full(instruction: Instruction, code: bytes, base: int) -> Instruction:
    address, size, mnemonic, operands = instruction
    if mnemonic in SHORT_BY_CAPSTONE:
        offset = address - base
        size = max(size, instruction_length(code[offset : offset + LONGEST]))
    return address, size, mnemonic, operands


def _has_short(code: bytes) -> bool:
    return b"\x0f\xb9" in code or b"\x0f\xff" in code


def _length_of_unknown(buffer, size: int, offset: int, _data: object) -> int:
    code = bytes(buffer[offset : min(size, offset + LONGEST)])
    return min(instruction_length(code) or 1, size - offset)
