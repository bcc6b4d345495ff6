# SPDX-License-Identifier: BSD-3-Clause
"""Reads where a Linux image has the members of its structures, by its BTF (section ``.BTF``).

A vmlinux that was stripped of its debug information still has it: the kernel reads it itself.
Source: Linux's Documentation/bpf/btf.rst. The section is hostile input: sizes are checked against
it, and a type that leads to others is followed a bounded number of times.
"""

import struct
from dataclasses import dataclass
from typing import Iterator

from acrn_trace.image.image import Image

_MAGIC = 0xEB9F
_HEADER = struct.Struct("<HBBIIIII")
_TYPE = struct.Struct("<III")  # name, kind and count, size or type
_MEMBER = struct.Struct("<III")  # name, type, place in bits
_ARRAY = struct.Struct("<III")  # type of its elements, of its index; how many
_PTR, _ARRAY_KIND, _STRUCT, _UNION = 2, 3, 4, 5
_SIZED = {1, _STRUCT, _UNION, 6, 16, 19}  # INT, ENUM, FLOAT, ENUM64
_OTHER_NAMES = {8, 9, 10, 11, 18}  # TYPEDEF, VOLATILE, CONST, RESTRICT, TYPE_TAG
# Bytes behind a type, by its kind, for each of its count and once: those without are (0, 0).
_EACH = {_STRUCT: 12, _UNION: 12, 6: 8, 13: 8, 15: 12, 19: 12}
_ONCE = {1: 4, _ARRAY_KIND: 12, 14: 4, 17: 4}
_POINTER = 8
MAX_TYPES, MAX_DEPTH = 1 << 20, 16


@dataclass(frozen=True)
class Member:
    """Where a structure has it, and its size, in bytes."""

    offset: int
    size: int


class Btf:
    """The structures of one image; none where it has no BTF that can be read."""

    def __init__(self, image: Image) -> None:
        section = image.section(".BTF")
        data = image.section_data(section) if section else b""
        header = _HEADER.unpack_from(data.ljust(_HEADER.size, b"\0"))
        magic, _, _, size, types, types_size, strings, strings_size = header
        if magic != _MAGIC:
            types = types_size = strings = strings_size = 0
        self._types = data[size + types :][:types_size]
        self._names = data[size + strings :][:strings_size]
        self._at = [0, *self._places()]  # of each type by its number; 0 is void

    def member(self, structure: str, name: str) -> Member:
        """KeyError where there is no such member, also in what it has without a name."""
        wanted = self._name(name)
        for at in self._structures(structure):
            found = self._member(at, wanted, MAX_DEPTH)
            if found:
                return found
        raise KeyError(f"{structure}.{name}")

    def _places(self) -> Iterator[int]:
        at = 0
        for _ in range(MAX_TYPES):
            if at + _TYPE.size > len(self._types):
                return
            yield at
            (info,) = struct.unpack_from("<I", self._types, at + 4)
            kind = info >> 24 & 0x1F
            at += _TYPE.size + _ONCE.get(kind, 0) + _EACH.get(kind, 0) * (info & 0xFFFF)

    def _name(self, text: str) -> set[int]:
        """Where the strings have it: pahole writes each once, gcc as often as it is used."""
        wanted, at, places = b"\0" + text.encode() + b"\0", -1, set()
        while (at := self._names.find(wanted, at + 1)) >= 0:
            places.add(at + 1)
        return places

    def _structures(self, name: str) -> Iterator[int]:
        """Those of the name, of which C allows one in each file."""
        wanted = self._name(name)
        for at in self._at[1:]:
            found, info, _ = _TYPE.unpack_from(self._types, at)
            if found in wanted and info >> 24 & 0x1F == _STRUCT:
                yield at

    def _member(self, at: int, name: set[int], depth: int) -> Member | None:
        """Of the structure or union at a place; looking into members without a name."""
        _, info, _ = _TYPE.unpack_from(self._types, at)
        if info >> 24 & 0x1F not in (_STRUCT, _UNION) or not depth:
            return None
        data = self._types[at + _TYPE.size :][: (info & 0xFFFF) * _MEMBER.size]
        for found, kind, bits in _MEMBER.iter_unpack(data[: len(data) // 12 * 12]):
            offset = (bits & 0xFF_FFFF if info >> 31 else bits) // 8
            if found in name:
                return Member(offset, self._size(kind))
            inner = self._member(self._place(kind), name, depth - 1) if not found else None
            if inner:
                return Member(offset + inner.offset, inner.size)
        return None

    def _place(self, kind: int) -> int:
        if not 0 < kind < len(self._at):
            raise KeyError(kind)
        return self._at[kind]

    def _size(self, kind: int) -> int:
        """Of a type, in bytes; 0 for what has none."""
        count = 1
        for _ in range(MAX_DEPTH):
            at = self._place(kind)
            _, info, size = _TYPE.unpack_from(self._types, at)
            sort = info >> 24 & 0x1F
            if sort == _ARRAY_KIND:
                kind, _, many = _ARRAY.unpack_from(self._types.ljust(at + 24, b"\0"), at + 12)
                count *= many
            elif sort in _OTHER_NAMES:
                kind = size
            else:
                return count * (_POINTER if sort == _PTR else size if sort in _SIZED else 0)
        return 0
