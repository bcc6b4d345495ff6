# SPDX-License-Identifier: BSD-3-Clause
"""Reduces a stretch of code to where instructions begin, and those that steer.

Capstone's Python interface makes two strings an instruction, which takes as long as the decoding.
Here they are made for the instructions that steer only, one in seven, out of Capstone's own array.
"""

import ctypes
from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate, compress, count
from typing import Any

# address, size, mnemonic, operands: as Capstone prints them
Instruction = tuple[int, int, str, str]
UNKNOWN = "(unknown)"  # the mnemonic of what nobody knows

JUMPS = frozenset({"jmp", "ljmp"})
# What never goes on to the next instruction. UD2 does, in Linux's WARN, and HLT, when interrupted.
ENDS = JUMPS | frozenset(
    "ret retf retfq iret iretd iretq sysret sysretq sysexit sysexitq int3".split() + [UNKNOWN]
)
BRANCHES = frozenset(
    "ja jae jb jbe je jne jg jge jl jle jo jno jp jnp js jns jcxz jecxz jrcxz loop loope loopne "
    "call xbegin".split()
)
STEERING = ENDS | BRANCHES


@dataclass(frozen=True)
class Outline:
    """Where instructions begin, in order; those that are ``steering``, likewise.

    ``guessed`` are instructions of which only the length is known: start and end.
    """

    starts: list[int]
    steering: list[Instruction]
    guessed: list[tuple[int, int]]

    def index_of(self, address: int) -> int | None:
        """Which instruction begins at ``address``; None if none does."""
        index = bisect_left(self.starts, address)
        return index if index < len(self.starts) and self.starts[index] == address else None

    def resumed(self, stop: int, more: "Outline") -> "Outline":
        """This up to address ``stop``, ``more`` from where that begins."""
        return Outline(
            [address for address in self.starts if address < stop] + more.starts,
            [one for one in self.steering if one[0] < stop] + more.steering,
            [one for one in self.guessed if one[0] < stop] + more.guessed,
        )

    def begins_at(self, address: int) -> bool:
        return self.index_of(address) is not None


def outline_of(instructions: list[Instruction]) -> Outline:
    steering = [
        (address, size, _bare(mnemonic), operands)
        for address, size, mnemonic, operands in instructions
        if _steers(_bare(mnemonic), size)
    ]
    guessed = [(i[0], i[0] + i[1]) for i in instructions if i[2] == UNKNOWN and i[1] > 1]
    return Outline([i[0] for i in instructions], steering, guessed)


def _steers(mnemonic: str, size: int) -> bool:
    """Whether it may not go on: what is unknown but for its length does."""
    return mnemonic in STEERING and not (mnemonic == UNKNOWN and size > 1)


def target_of(operands: str) -> int | None:
    """Where a direct jump or call goes; None for an indirect one, and for a far one."""
    try:
        return int(operands, 16)
    except ValueError:
        return None


def _bare(mnemonic: str) -> str:
    """The mnemonic without prefixes (bnd, notrack, repz)."""
    return mnemonic.rsplit(" ", 1)[-1]


_READ_ONLY = 0x100  # PyBUF_READ
_view = ctypes.pythonapi.PyMemoryView_FromMemory
_view.argtypes = (ctypes.c_void_p, ctypes.c_ssize_t, ctypes.c_int)
_view.restype = ctypes.py_object


class FastOutline:
    """Outlines from the array that Capstone's library fills; ``works`` says whether it is there."""

    def __init__(self, capstone: Any, disassembler: Any) -> None:
        self._handle = getattr(disassembler, "csh", None)
        self._library = getattr(capstone, "_cs", None)
        self._entry = getattr(capstone, "_cs_insn", None)
        self.works = None not in (self._handle, self._library, self._entry)
        if not self.works:
            return
        fields = {name: getattr(self._entry, name) for name, *_ in self._entry._fields_}
        self._size = ctypes.sizeof(self._entry)
        self._length = fields["size"].offset
        self._operands, self._longest = fields["op_str"].offset, fields["op_str"].size
        ids = {name: getattr(capstone.x86, f"X86_INS_{name.upper()}", None) for name in STEERING}
        self._names = {number: name for name, number in ids.items() if number is not None}
        self._names[0] = UNKNOWN  # what Capstone skips has no number

    def outline(self, code: bytes, address: int) -> Outline:
        array = ctypes.POINTER(self._entry)()
        count = self._library.cs_disasm(
            self._handle, code, len(code), address, 0, ctypes.byref(array)
        )
        if not count:
            return Outline([], [], [])
        try:
            data = _view(ctypes.addressof(array.contents), count * self._size, _READ_ONLY)
            return self._outline(data, address)
        finally:
            self._library.cs_free(array, count)

    def _outline(self, data: memoryview, start: int) -> Outline:
        numbers = data.cast("I")[:: self._size // 4].tolist()  # the number is the first field
        sizes = data.cast("H")[self._length // 2 :: self._size // 2].tolist()
        addresses = list(accumulate(sizes, initial=start))
        names = self._names
        steers = compress(count(), map(names.__contains__, numbers))
        steering = [
            (addresses[index], sizes[index], names[numbers[index]], self._operands_at(data, index))
            for index in steers
        ]
        guessed = [(i[0], i[0] + i[1]) for i in steering if i[2] == UNKNOWN and i[1] > 1]
        if guessed:
            steering = [i for i in steering if _steers(i[2], i[1])]
        del addresses[-1]  # the end
        return Outline(addresses, steering, guessed)

    def _operands_at(self, data: memoryview, index: int) -> str:
        start = index * self._size + self._operands
        text = bytes(data[start : start + self._longest])
        return text.partition(b"\0")[0].decode("ascii", "replace")
