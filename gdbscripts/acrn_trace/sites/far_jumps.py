# SPDX-License-Identifier: BSD-3-Clause
"""Tells where far jumps and far returns with constants go, and how many bits the code there has."""

import re
from dataclasses import dataclass
from typing import Callable, Iterator

from acrn_trace.guest.abi import MASK64
from acrn_trace.image.image import Image
from acrn_trace.sites.outline import Instruction

FAR = frozenset({"ljmp", "retf", "retfq"})
MOST = 8  # instructions before a far return that are looked at, itself among them
_MASK32 = 0xFFFF_FFFF

# lgdt: an address, in 32-bit code, or a distance from RIP; an address in 64-bit code.
_LGDT = re.compile(rb"\x0f\x01(\x15|\x14\x25)(....)", re.DOTALL)
MAX_TABLES = 64
# A descriptor of 8 bytes (Intel SDM volume 3, 3.4.5): present, code or data, code; D and L.
_CODE, _D, _L = 0x98, 0x40, 0x20


@dataclass(frozen=True)
class FarGoal:
    selector: int
    target: int


def far_goal(
    instructions: list[Instruction], read: Callable[[int, int], bytes | None]
) -> FarGoal | None:
    """Where the last of ``instructions`` goes, if it or those before it say it by constants.

    ``read`` gives bytes of the image, for a jump through memory.
    """
    *before, last = instructions
    if last[2] != "ljmp":
        return _pushed(before)
    selector, colon, target = last[3].partition(":")
    if colon:
        return FarGoal(int(selector, 0), int(target, 0))
    place = _address(last)
    data = read(place, 6) if place is not None else None
    return (
        FarGoal(int.from_bytes(data[4:], "little"), int.from_bytes(data[:4], "little"))
        if data
        else None
    )


def _pushed(instructions: list[Instruction]) -> FarGoal | None:
    """What was pushed last, a selector and then an address."""
    registers: dict[str, int | None] = {}
    stack: list[int | None] = []
    for instruction in instructions:
        name, (first, _, second) = instruction[2], instruction[3].partition(", ")
        if name == "push":
            stack.append(_value(first, registers))
        elif name in ("mov", "movabs"):
            registers[_bare(first)] = _value(second, registers)
        elif name == "lea":
            registers[_bare(first)] = _address(instruction)
        elif name in ("pop", "call"):
            stack.clear()
            registers.clear()
        else:
            registers.pop(_bare(first), None)
    selector, target = stack[-2:] if len(stack) > 1 else (None, None)
    return None if selector is None or target is None else FarGoal(selector, target)


def _value(operand: str, registers: dict[str, int | None]) -> int | None:
    try:
        return int(operand, 0) & MASK64
    except ValueError:
        return registers.get(_bare(operand))


def _bare(register: str) -> str:
    """The same for EAX and RAX."""
    return re.sub("^[er](?=[a-z])", "", register)


def _address(instruction: Instruction) -> int | None:
    """That of the operand in memory, if it is a constant."""
    address, size, _, operands = instruction
    match = re.search(r"\[(rip [+-] )?(0x[0-9a-f]+|\d+)\]$", operands)
    if match is None:
        return None
    number = int(match[2], 0)
    if not match[1]:
        return number
    return address + size + (-number if "-" in match[1] else number) & MASK64


class CodeSegments:
    """The code segments of the GDTs that an image has and loads."""

    def __init__(self, image: Image) -> None:
        self._image = image
        self._tables = list(self._found())

    def bits(self, selector: int) -> int | None:
        """Of the code in a segment, 16, 32 or 64; None where the tables do not tell."""
        found = {_bits(table[selector & ~7 :][:8]) for table in self._tables} - {None}
        return found.pop() if len(found) == 1 else None

    def _found(self) -> Iterator[bytes]:
        for number, pointer in enumerate(self._pointers()):
            if number >= MAX_TABLES:
                return
            data = self._image.read_at_most(self._image.linked_address(pointer), 10)
            limit, base = int.from_bytes(data[:2], "little"), data[2:]
            for address in (base, base[:4]):
                start = self._image.linked_address(int.from_bytes(address, "little"))
                table = self._image.read_at_most(start, limit + 1)
                if len(table) > 8:
                    yield table
                    break

    def _pointers(self) -> Iterator[int]:
        """Where LGDT reads the place of a table."""
        for part in self._image.code():
            for match in _LGDT.finditer(part.data):
                number = int.from_bytes(match[2], "little", signed=True)
                yield number & _MASK32
                behind = part.address + match.end()
                yield (behind + number if match[1] == b"\x15" else number) & MASK64


def _bits(descriptor: bytes) -> int | None:
    if len(descriptor) < 8 or descriptor[5] & _CODE != _CODE:
        return None
    flags = descriptor[6]
    return 64 if flags & _L else 32 if flags & _D else 16
