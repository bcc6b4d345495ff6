# SPDX-License-Identifier: BSD-3-Clause
"""Makes the bytes of structures from a random source: what a guest may well have in memory."""

import random

from acrn_trace.tables.layouts import Array, Field, Scalar, Struct, Type
from acrn_trace.tables.types import Types

# What a terminal, a reader of UTF-8 or of C's escapes, a JSON writer may stumble over.
TEXTS = (
    *(b"vm1", b"POST_STD_VM1", b"", b"a b", b"\0behind", b"x" * 300, b"0x0", b"0", b"redacted"),
    *(b'"quoted"', b"back\\slash", b"\\x80", b"\\xe9\\", b"tab\tand\nnewline", b"\x1b[31mred"),
    *("é".encode(), "vm-\u00fc\u4e2d\u6587".encode(), "\U0001f600".encode(), b"\xc3", b"a\xe4\xb8"),
    *("\u202eevil".encode(), "\u2028\u2029\u0085".encode(), "\ufeff\ufffe\uffff".encode()),
    *(b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80", b"\xff\xfe", b"\x7f\x80", b"\x01\x02"),
    *(b"\xe9\\x80", "\u00a0\u00ad\u0378".encode(), b"{in=1, out=2}", b"}) = 0", b", ..."),
)


class RandomValues:
    """Values of ``types``, from one random source."""

    def __init__(self, source: random.Random, types: Types) -> None:
        self._source, self._types = source, types

    def one_of(self, things):
        return self._source.choice(things)

    def chance(self, of: float) -> bool:
        return self._source.random() < of

    def number(self, bits: int) -> int:
        """Small, at an edge, or any."""
        most = (1 << bits) - 1
        edges = (0, 0, 0, 1, 2, 3, 7, most, most >> 1, (most >> 1) + 1, 1 << bits // 2)
        pick = self._source.random()
        if pick < 0.7:
            return self.one_of(edges) & most
        return self._source.getrandbits(bits) if pick < 0.9 else self._source.randrange(64) & most

    def bytes(self, size: int) -> bytes:
        return self._source.randbytes(size)

    def text(self, size: int) -> bytes:
        """Characters in so many bytes, with or without an end; behind the end may be anything."""
        whole = self.one_of(TEXTS) + (b"" if self.chance(0.2) else self.one_of(TEXTS))
        rest = self.bytes(size) if self.chance(0.2) else bytes(size)
        return (whole + b"\0" + rest)[:size]

    def structure(self, name: str) -> bytes:
        """What may be in memory where a structure is: the right thing, mostly."""
        kind = self._types.type_named(name)
        if kind is None or self.chance(0.1):
            return self.bytes(kind.size if kind else 64)
        if self.chance(0.05):
            return self.one_of((b"\0", b"\xff")) * kind.size
        return self.value(kind)

    def value(self, kind: Type) -> bytes:
        if isinstance(kind, Struct):
            return self._struct(kind)
        if isinstance(kind, Array):
            if kind.element == Scalar(1) and self.chance(0.5):
                return self.text(kind.size)
            return b"".join(self.value(kind.element) for _ in range(kind.count))
        return self._scalar(kind, kind.size * 8).to_bytes(kind.size, "little")

    def changed(self, data: bytes) -> bytes:
        """The same with a few bytes that differ; now and then all of them."""
        if self.chance(0.1):
            return self.bytes(len(data))
        after = bytearray(data)
        for _ in range(self._source.randrange(4)):
            after[self._source.randrange(len(after))] = self.one_of((0, 1, 0xFF, 0x41, 0x80))
        return bytes(after)

    def _struct(self, struct: Struct) -> bytes:
        whole = 0
        for field in struct.fields:
            value = self._field(struct, field) & (1 << field.bit_size) - 1
            whole &= ~((1 << field.bit_size) - 1 << field.bit_offset)  # of a union's other member
            whole |= value << field.bit_offset
        return whole.to_bytes(struct.size, "little")

    def _field(self, struct: Struct, field: Field) -> int:
        roles = self._types.fields.of(struct.name, field.name)
        rule = self._types.fields.sizes.get(struct.name)
        if "RESERVED" in roles.plain and self.chance(0.8):
            return 0
        if rule and rule.field == field.name:
            return self.one_of((0, 1, 2, 3, 4, 8, 20, 88, 96, 97, 1000, 0xFFFFFFFF))
        if "TEXT" in roles.plain:
            return int.from_bytes(self.text(field.bit_size // 8), "little")
        if "OUT" in roles.plain and self.chance(0.3):
            return (1 << field.bit_size) - 1  # by which a call says that it failed
        if isinstance(field.type, Scalar):
            return self._scalar(field.type, field.bit_size)
        return int.from_bytes(self.value(field.type), "little")

    def _scalar(self, kind: Scalar, bits: int) -> int:
        names = self._types.enum_named(kind.enum) if kind.enum else {}
        if names and self.chance(0.8):
            picked = self.one_of(list(names))
            return picked | self.one_of(list(names)) if self.chance(0.3) else picked
        return self.number(bits)
