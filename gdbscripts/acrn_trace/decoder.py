# SPDX-License-Identifier: BSD-3-Clause
"""x86-64 code to instructions, with Capstone, and past what Capstone does not know.

Capstone takes one byte for data where it knows no instruction, and what follows is then read from
its middle: that is how a scan misses a VMCALL behind a new instruction. The length of such an
instruction is computed instead (``instruction_length``).
"""

from acrn_trace.errors import TraceError
from acrn_trace.instruction_length import LONGEST, instruction_length
from acrn_trace.outline import UNKNOWN, FastOutline, Instruction, Outline, outline_of

__all__ = ["UNKNOWN", "Decoder", "Instruction", "MissingCapstone"]

# ``0f b9`` and ``0f ff`` take a ModRM byte, which Capstone 4 leaves out.
SHORT_BY_CAPSTONE = frozenset({"ud2b", "ud1", "ud0"})


class MissingCapstone(TraceError):
    """Nothing can be disassembled."""


class Decoder:
    """Sweeps over code in a straight line."""

    def __init__(self, for_people: bool = False) -> None:
        capstone = _capstone()
        self._disassembler = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
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
        for index, (start, size, mnemonic, _) in enumerate(instructions):
            if mnemonic in SHORT_BY_CAPSTONE:
                length = instruction_length(code[start - address : start - address + LONGEST])
                if length > size:
                    return instructions[: index + 1] + self._rest(
                        code, address, start - address + length, count and count - index - 1
                    )
        return instructions

    def _rest(self, code: bytes, address: int, offset: int, count: int) -> list[Instruction]:
        return self.decode(code[offset:], address + offset, count)


def _has_short(code: bytes) -> bool:
    return b"\x0f\xb9" in code or b"\x0f\xff" in code


def _capstone():
    try:
        import capstone
    except ImportError:
        raise MissingCapstone(
            "finding sites in code needs the Python library Capstone; on Debian, "
            "'apt-get install python3-capstone'"
        ) from None
    return capstone


def _length_of_unknown(buffer, size: int, offset: int, _data: object) -> int:
    code = bytes(buffer[offset : min(size, offset + LONGEST)])
    return min(instruction_length(code) or 1, size - offset)
