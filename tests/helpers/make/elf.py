# SPDX-License-Identifier: BSD-3-Clause
"""Small ELF files made by hand: one section of code at CODE, and what a test adds."""

import struct
from dataclasses import dataclass, field

CODE = 0xFFFFFFFF81000000
ALLOC, EXECUTABLE, COMPRESSED = 2, 4, 1 << 11
PROGBITS, SYMTAB, STRTAB, NOBITS = 1, 2, 3, 8
FUNCTION, OBJECT = 2, 1
VMCALL, VMMCALL = b"\x0f\x01\xc1", b"\x0f\x01\xd9"


@dataclass
class Part:
    """A section; ``size`` is a lie unless None."""

    name: str
    data: bytes
    address: int = 0
    flags: int = ALLOC
    type: int = PROGBITS
    link: int = 0
    size: int | None = None


@dataclass
class Elf:
    """The code, symbols (name, address, size, type), further sections, and the entry."""

    code: bytes
    symbols: list[tuple[str, int, int, int]] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    sections: bool = True
    entry: int = CODE

    def build(self) -> bytes:
        parts = [Part("", b"", type=0), Part(".text", self.code, CODE, ALLOC | EXECUTABLE)]
        parts += self.parts + self._symbol_parts(len(parts) + len(self.parts))
        names = b"\0" + b"".join(p.name.encode() + b"\0" for p in parts) + b".shstrtab\0"
        parts.append(Part(".shstrtab", names, flags=0, type=STRTAB))
        body, offsets = b"", []
        for part in parts:
            offsets.append(120 + len(body))
            body += part.data
        headers = b"".join(self._header(p, o, names) for p, o in zip(parts, offsets))
        start = 120 + len(body)
        count, table = (len(parts), start) if self.sections else (0, 0)
        ident = b"\x7fELF\x02\x01\x01" + bytes(9)
        header = struct.pack(
            *("<16sHHIQQQIHHHHHH", ident, 2, 62, 1, self.entry, 64, table, 0, 64, 56, 1, 64),
            *(count, count - 1 if count else 0),
        )
        load = (1, 5, 0, CODE - 120, CODE - 120, start, start, 4096)
        return header + struct.pack("<IIQQQQQQ", *load) + body + headers

    def _symbol_parts(self, index: int) -> list[Part]:
        if not self.symbols:
            return []
        strings, rows = b"\0", bytes(24)
        for name, address, size, kind in self.symbols:
            rows += struct.pack("<IBBHQQ", len(strings), kind | 16, 0, 1, address, size)
            strings += name.encode() + b"\0"
        table = Part(".symtab", rows, flags=0, type=SYMTAB, link=index + 1)
        return [table, Part(".strtab", strings, flags=0, type=STRTAB)]

    @staticmethod
    def _header(part: Part, offset: int, names: bytes) -> bytes:
        name = names.index(b"\0" + part.name.encode() + b"\0") + 1 if part.name else 0
        size = len(part.data) if part.size is None else part.size
        fields = (name, part.type, part.flags, part.address, offset, size, part.link, 0, 1, 0)
        return struct.pack("<IIQQQQIIQQ", *fields)
