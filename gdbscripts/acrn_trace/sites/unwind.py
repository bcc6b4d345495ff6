# SPDX-License-Identifier: BSD-3-Clause
"""Reads function bounds, and addresses of instructions, from ``.eh_frame``.

Read by hand: only starts and lengths of all frame descriptions are needed, and the rows of a few.
The format is the Linux Standard Base's, core specification, exception frames; the instructions are
DWARF's (5: 6.4.2).
"""

import bisect
import struct
from dataclasses import dataclass
from functools import cached_property
from typing import Iterator

from acrn_trace.guest.abi import MASK64
from acrn_trace.image.image import Image
from acrn_trace.sites.spans import Span

MAX_DESCRIPTIONS = 1 << 22
MAX_ROWS = 1 << 16

_ABSOLUTE, _RELATIVE = 0x00, 0x10  # how an address is given: DW_EH_PE_absptr, DW_EH_PE_pcrel
_FORMATS = {0x00: "<Q", 0x02: "<H", 0x03: "<I", 0x04: "<Q", 0x0A: "<h", 0x0B: "<i", 0x0C: "<q"}

# DW_CFA_*: the operands of each instruction; u is ULEB128, b a block, digits are bytes
_OPERANDS = {
    **{0x00: "", 0x01: "8", 0x05: "uu", 0x06: "u", 0x07: "u", 0x08: "u", 0x09: "uu", 0x0A: ""},
    **{0x0B: "", 0x0C: "uu", 0x0D: "u", 0x0E: "u", 0x0F: "b", 0x10: "ub", 0x11: "uu", 0x12: "uu"},
    **{0x13: "u", 0x14: "uu", 0x15: "uu", 0x16: "ub", 0x2D: "", 0x2E: "u", 0x2F: "uu"},
}
_ADVANCES = {0x02: "<B", 0x03: "<H", 0x04: "<I"}


@dataclass(frozen=True)
class _Common:
    """What frame descriptions share (a CIE)."""

    encoding: int
    code_factor: int
    augmented: bool


class UnwindSpans:
    """The functions that .eh_frame describes."""

    def __init__(self, image: Image) -> None:
        self._image = image
        self._data, self._base = b"", 0

    @cached_property
    def _functions(self) -> list[tuple[int, int, int, int, int]]:
        section = self._image.section(".eh_frame")
        if section is None:
            return []
        self._data, self._base = self._image.section_data(section), section.address
        try:
            return sorted(self._descriptions())
        except (struct.error, IndexError, ValueError):
            return []  # a table that lies is no table

    @cached_property
    def starts(self) -> list[int]:
        return [function[0] for function in self._functions]

    def around(self, address: int) -> Span | None:
        index = bisect.bisect_right(self.starts, address) - 1
        if index < 0 or address >= self._functions[index][1]:
            return None
        start, end, *rows = self._functions[index]
        return Span(start, end, lambda: list(self._rows(start, *rows)))

    def _descriptions(self) -> Iterator[tuple[int, int, int, int, int]]:
        """Start, end, and where its instructions are, their end and code factor, of each."""
        data, offset, commons = self._data, 0, {}
        for _ in range(MAX_DESCRIPTIONS):
            if offset + 8 > len(data):
                return
            length, back = struct.unpack_from("<II", data, offset)
            following = offset + 4 + length
            if length == 0xFFFFFFFF or following > len(data):
                return
            if length and back == 0:
                commons[offset] = _common(data, offset, following)
            elif length:
                common = commons.get(offset + 4 - back)
                if common and common.encoding & 0x70 in (_ABSOLUTE, _RELATIVE):
                    yield self._description(offset + 8, following, common)
            offset = following

    def _description(self, at: int, end: int, common: _Common) -> tuple[int, int, int, int, int]:
        layout = _FORMATS.get(common.encoding & 15, "<Q")
        size = struct.calcsize(layout)
        (start,) = struct.unpack_from(layout, self._data, at)
        (length,) = struct.unpack_from(layout.upper(), self._data, at + size)
        if common.encoding & 0x70 == _RELATIVE:
            start = start + self._base + at & MASK64
        at += 2 * size
        if common.augmented:
            skip, at = _uleb(self._data, at)
            at += skip
        return start, start + length, at, end, common.code_factor

    def _rows(self, address: int, at: int, end: int, factor: int) -> Iterator[int]:
        """The addresses at which the frame's shape changes."""
        data = self._data
        try:
            for _ in range(MAX_ROWS):
                if at >= end:
                    return
                code, at = data[at], at + 1
                if code >> 6 == 1:
                    address += (code & 63) * factor
                    yield address
                elif code in _ADVANCES:
                    (delta,) = struct.unpack_from(_ADVANCES[code], data, at)
                    at += struct.calcsize(_ADVANCES[code])
                    address += delta * factor
                    yield address
                else:
                    operands = {2: "u", 3: ""}.get(code >> 6, _OPERANDS.get(code))
                    if operands is None:
                        return
                    at = _skip(data, at, operands)
        except (struct.error, IndexError):
            return


def _common(data: bytes, offset: int, end: int) -> _Common | None:
    """The CIE at ``offset``; None for one whose descriptions cannot be read."""
    text_end = data.index(b"\0", offset + 9, end)
    augmentation = data[offset + 9 : text_end]
    code_factor, at = _uleb(data, text_end + 1)
    _, at = _uleb(data, at)  # data factor: the same length, signed
    _, at = _uleb(data, at)  # return address column
    if not augmentation.startswith(b"z"):
        return _Common(_ABSOLUTE, code_factor, False) if not augmentation else None
    _, at = _uleb(data, at)
    encoding = _ABSOLUTE
    for letter in augmentation[1:]:
        if letter == ord("R"):
            encoding = data[at]
        at += {ord("L"): 1, ord("R"): 1, ord("P"): 1 + _pointer_size(data[at])}.get(letter, 0)
    return _Common(encoding, code_factor, True)


def _pointer_size(encoding: int) -> int:
    return struct.calcsize(_FORMATS.get(encoding & 15, "<Q"))


def _skip(data: bytes, at: int, operands: str) -> int:
    for operand in operands:
        if operand == "8":
            at += 8
        else:
            value, at = _uleb(data, at)
            at += value if operand == "b" else 0
    return at


def _uleb(data: bytes, at: int) -> tuple[int, int]:
    """An unsigned number of DWARF's, and what is behind it; of a signed one only the latter."""
    value = 0
    for shift in range(0, 70, 7):
        byte = data[at]
        value |= (byte & 127) << shift
        at += 1
        if byte < 128:
            return value, at
    raise IndexError("a number of more than ten bytes")
