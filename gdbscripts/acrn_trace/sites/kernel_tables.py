# SPDX-License-Identifier: BSD-3-Clause
"""Reads from Linux's own tables where instructions begin: ORC, alternatives, jump labels, fixups.

The formats are those of arch/x86/include/asm/: orc_types.h, alternative.h, jump_label.h, extable.h.
A stripped vmlinux keeps all but the jump labels, which are among other data there.
"""

import bisect
import struct
from typing import NamedTuple

from acrn_trace.guest.abi import MASK64
from acrn_trace.image.image import Image
from acrn_trace.sites.spans import Span

_ORC_ENTRY = struct.Struct("<hhH")
_ORC_REGISTER = 15  # the low bits of the flags: which register the frame is relative to
ORC_UNDEFINED = 0  # the end of a function, or code that nobody described
MAX_STEPS = 64  # entries looked at backwards
ANCHORS = 16

# s32 original, s32 replacement, features (2 bytes until 6.2, then 4), u8, u8 length of replacement;
# from 4.1 to 5.12 one byte more, of padding.
_ALTERNATIVES = (struct.Struct("<ii2xBB"), struct.Struct("<ii2xBBx"), struct.Struct("<ii4xBB"))

# s32 code, s32 target, s64 key, until 4.19 u64 each; s32 instruction, s32 fixup, since 4.6 s32 more
_JUMP_LABELS = (struct.Struct("<ii8x"), struct.Struct("<QQ8x"))
_EXCEPTIONS = (struct.Struct("<ii4x"), struct.Struct("<ii"))
_TABLES = {"__jump_table": _JUMP_LABELS, "__ex_table": _EXCEPTIONS}


class OrcSpans:
    """.orc_unwind_ip: an entry wherever the stack's shape changes, at an instruction each."""

    def __init__(self, image: Image) -> None:
        addresses, entries = image.section(".orc_unwind_ip"), image.section(".orc_unwind")
        self._ips, self._orcs = memoryview(b"").cast("i"), b""
        if addresses and entries:
            data = image.section_data(addresses)
            self._base = addresses.address
            self._ips = memoryview(data[: len(data) & ~3]).cast("i")
            self._orcs = image.section_data(entries)

    def _address(self, index: int) -> int:
        return self._base + 4 * index + self._ips[index]

    def _defined(self, index: int) -> bool:
        offset = index * _ORC_ENTRY.size
        if offset + _ORC_ENTRY.size > len(self._orcs):
            return False
        flags = _ORC_ENTRY.unpack_from(self._orcs, offset)[2]
        return flags & _ORC_REGISTER != ORC_UNDEFINED

    def around(self, address: int) -> Span | None:
        """From a few entries before ``address`` to the entry behind it."""
        last = bisect.bisect_right(range(len(self._ips)), address, key=self._address) - 1
        if last < 0 or not self._defined(last):
            return None
        known = []
        for index in range(last, max(last - MAX_STEPS, -1), -1):
            if len(known) == ANCHORS or not self._defined(index):
                break
            known.append(self._address(index))
        end = self._address(last + 1) if last + 1 < len(self._ips) else 1 << 64
        return Span(known[-1], end, lambda: known)


class Alternative(NamedTuple):
    """A piece of code that the kernel may copy over other code as it boots: both addresses, and
    the piece's length, which is not 0."""

    original: int
    replacement: int
    length: int


def alternatives(image: Image) -> list[Alternative]:
    """Those of .altinstructions, in its order; none of a table that has others than such."""
    table, code = image.section(".altinstructions"), image.section(".altinstr_replacement")
    if table is None or code is None:
        return []
    data, end = image.section_data(table), code.address + code.size
    for layout in _ALTERNATIVES:
        found = _alternatives(data, table.address, layout)
        if len(data) % layout.size == 0 and all(
            code.address <= one.replacement <= end - one.length for one in found
        ):
            return found
    return []


def _alternatives(data: bytes, base: int, layout: struct.Struct) -> list[Alternative]:
    whole = len(data) - len(data) % layout.size
    places = range(base, base + whole, layout.size)
    return [
        Alternative(at + original & MASK64, at + 4 + replacement & MASK64, length)
        for at, (original, replacement, _, length) in zip(places, layout.iter_unpack(data[:whole]))
        if length
    ]


class AlternativeSpans:
    """.altinstructions: pieces of code that the kernel copies over others as it boots.

    None runs where it stands.
    """

    def __init__(self, image: Image) -> None:
        pieces = alternatives(image)
        self._spans = sorted((one.replacement, one.replacement + one.length) for one in pieces)

    def around(self, address: int) -> Span | None:
        index = bisect.bisect_right(self._spans, (address, 1 << 64)) - 1
        if index < 0 or address >= self._spans[index][1]:
            return None
        return Span(*self._spans[index])


def table_branches(image: Image, name: str) -> list[tuple[int, int]]:
    """From and to of each way that the table ``name``, ``__jump_table`` or ``__ex_table``, has in
    the code. None of a table that has others than such."""
    place = _table(image, name)
    if place is None:
        return []
    address, data = place
    code = image.code()
    for layout in _TABLES[name]:
        if data and len(data) % layout.size == 0:
            branches = _branches(address, data, layout)
            if all(any(c.address <= a < c.end for c in code) for one in branches for a in one):
                return branches
    return []


def _table(image: Image, name: str) -> tuple[int, bytes] | None:
    """Address and bytes: a section's, as a module has it, or between the symbols of vmlinux."""
    section = image.section(name)
    if section:
        return section.address, image.section_data(section)
    start, stop = (image.value_of(f"__{edge}_{name}") for edge in ("start", "stop"))
    if start is None or stop is None or stop < start:
        return None
    return start, image.read_at_most(start, stop - start)


def _branches(base: int, data: bytes, layout: struct.Struct) -> list[tuple[int, int]]:
    """Entries of two addresses, or of two distances of 4 bytes from where each stands."""
    entries = layout.iter_unpack(data)
    if layout.format.startswith("<Q"):
        return list(entries)
    places = range(base, base + len(data), layout.size)
    return [(at + code & MASK64, at + 4 + to & MASK64) for at, (code, to) in zip(places, entries)]
