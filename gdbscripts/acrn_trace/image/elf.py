# SPDX-License-Identifier: BSD-3-Clause
"""Reads the headers of an x86-64 ELF file, and refuses what is none in one sentence.

The file is hostile input: counts and sizes are checked against its size before they are used. The
layouts are those of the System V ABI's chapter on object files.
"""

import io
import os
import struct
from dataclasses import dataclass
from typing import IO

from acrn_trace.base.errors import TraceError
from acrn_trace.base.formats import LONGEST_START, told_of
from acrn_trace.image.formats import FORMATS

MAGIC = b"\x7fELF"
PT_LOAD, PT_NOTE = 1, 4
PF_X, PF_W = 1, 2
SHT_SYMTAB, SHT_RELA, SHT_NOTE, SHT_NOBITS, SHT_DYNSYM = 2, 4, 7, 8, 11
SHF_ALLOC, SHF_EXECINSTR, SHF_COMPRESSED = 2, 4, 1 << 11
MAX_HEADERS = 1 << 16
MAX_NAME = 256

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
SECTION = struct.Struct("<IIQQQQIIQQ")
_SEGMENT = struct.Struct("<IIQQQQQQ")
_PN_XNUM, _SHN_XINDEX = 0xFFFF, 0xFFFF
_ET_REL, _ET_EXEC, _ET_DYN = 1, 2, 3
_OTHER_KINDS = {
    _ET_REL: "an object file that is not linked; give the linked image (only 'acrn-trace sites' "
    "and 'acrn-trace lint' read object files and modules)",
    4: "a dump; give the image that ran",
}
_X86_64 = 62
_OTHER_MACHINES = {
    3: "32-bit x86",
    40: "ARM",
    183: "AArch64",
    243: "RISC-V",
    8: "MIPS",
    21: "PowerPC",
}


@dataclass(frozen=True)
class Section:
    """A section header. ``address`` is virtual, ``offset`` and ``size`` are in the file.

    ``link`` and ``info`` are what the type of section has them for.
    """

    name: str
    type: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    alignment: int

    @property
    def is_code(self) -> bool:
        wanted = SHF_ALLOC | SHF_EXECINSTR
        return self.flags & (wanted | SHF_COMPRESSED) == wanted and self.type != SHT_NOBITS

    @property
    def is_data(self) -> bool:
        others = SHF_EXECINSTR | SHF_COMPRESSED
        return self.flags & (SHF_ALLOC | others) == SHF_ALLOC and self.type != SHT_NOBITS


@dataclass(frozen=True)
class Segment:
    """A program header. The file has ``file_size`` bytes of it, at ``offset``, then zeros."""

    type: int
    flags: int
    offset: int
    address: int
    physical: int
    file_size: int
    memory_size: int


class ElfFile:
    """The headers of one file, which stays open, and bytes of it."""

    def __init__(self, path: str, file: IO[bytes], objects: bool = False) -> None:
        """``objects``: whether it may be an object file."""
        self.path = path
        self._file = file
        self.size = file.seek(0, os.SEEK_END)
        self._kinds = {_ET_EXEC, _ET_DYN, *([_ET_REL] if objects else [])}
        header = self._header()
        self.is_object = header[1] == _ET_REL
        self.entry: int = header[4]
        self.section_table: int = header[6]  # where it is in the file
        first = self._first_section(header)
        self.sections = self._sections(header, first)
        self.segments = self._segments(header, first)
        if self.is_object:
            self.segments = [_as_segment(s) for s in self.sections if s.flags & SHF_ALLOC]
        self._refuse_debug_file()

    def bytes(self, offset: int, size: int, what: str) -> bytes:
        if offset + size > self.size:
            raise TraceError(
                f"{self.path}: {what} lies outside of the file; is the file truncated?"
            )
        self._file.seek(offset)
        return self._file.read(size)

    def contents(self) -> IO[bytes]:
        """All bytes, as a file of its own."""
        if isinstance(self._file, io.BytesIO):  # linked, or decompressed
            return io.BytesIO(self.bytes(0, self.size, "the file"))
        return open(self.path, "rb")

    def place(self, address: int) -> str | None:
        """Section and offset of an address."""
        loaded = (s for s in self.sections if s.flags & SHF_ALLOC)
        section = next((s for s in loaded if 0 <= address - s.address < s.size), None)
        return f"{section.name}+{address - section.address:#x}" if section else None

    def damaged(self, why: str) -> TraceError:
        return TraceError(f"the image {self.path} is damaged ({why}); rebuild or fetch it anew")

    def _header(self) -> tuple:
        start = self.bytes(0, min(_HEADER.size, self.size), "the ELF header")
        if start[:4] != MAGIC:
            raise self._no_elf_file()
        if len(start) < _HEADER.size:
            raise self.damaged("it ends within the ELF header")
        if start[4] == 1:
            raise TraceError(
                f"the image {self.path} is a 32-bit ELF file, not for x86-64; if it is made for a "
                "boot loader (ACRN's acrn.32.out), give what it was made from (acrn.out)"
            )
        if start[4] != 2 or start[5] not in (1, 2):
            raise self.damaged("its ELF header has an unknown class or byte order")
        if start[5] == 2:
            raise TraceError(f"the image {self.path} is big-endian, not for x86-64")
        header = _HEADER.unpack(start)
        self._check_kind(header[1], header[2])
        return header

    def _no_elf_file(self) -> TraceError:
        start = self.bytes(0, min(LONGEST_START, self.size), "the beginning")
        told = told_of(start, FORMATS) or "not an ELF file; give the guest's ELF image"
        return TraceError(f"the image {self.path} is {told}")

    def _check_kind(self, kind: int, machine: int) -> None:
        if machine != _X86_64:
            name = _OTHER_MACHINES.get(machine, f"machine {machine}")
            raise TraceError(f"the image {self.path} is for {name}, not for x86-64")
        if kind not in self._kinds:
            other = _OTHER_KINDS.get(kind, f"of ELF type {kind}, which cannot run")
            raise TraceError(f"the image {self.path} is {other}")

    def _refuse_debug_file(self) -> None:
        """What objcopy --only-keep-debug and eu-strip -f write has no code, or none that is it."""
        executable = [s for s in self.sections if s.flags & SHF_EXECINSTR]
        if executable and all(section.type == SHT_NOBITS for section in executable):
            raise TraceError(
                f"the image {self.path} has debug information only, no code; give the file that it "
                "was split from"
            )

    def _first_section(self, header: tuple) -> tuple | None:
        """Section header 0, which holds the counts that are too large for the ELF header."""
        offset, count, number = header[6], header[12], header[11]
        if not offset or (count == 0 and number == 0):
            return None
        data = self.bytes(offset, SECTION.size, "the section header table")
        return SECTION.unpack(data)

    def _segments(self, header: tuple, first: tuple | None) -> list[Segment]:
        count = first[7] if first and header[10] == _PN_XNUM else header[10]
        rows = self._table(_SEGMENT, header[5], count, header[9], "program header")
        return [Segment(*r[:7]) for r in rows]

    def _sections(self, header: tuple, first: tuple | None) -> list[Section]:
        if first is None:
            return []
        count = header[12] or first[5]
        rows = self._table(SECTION, header[6], count, header[11], "section header")
        index = first[6] if header[13] == _SHN_XINDEX else header[13]
        names = self._section_names(rows[index]) if index < len(rows) else b""
        return [Section(string_at(names, row[0], MAX_NAME), *row[1:9]) for row in rows]

    def _section_names(self, row: tuple) -> bytes:
        return b"" if row[1] == SHT_NOBITS else self.bytes(row[4], row[5], "the section names")

    def _table(
        self, layout: struct.Struct, offset: int, count: int, size: int, what: str
    ) -> list[tuple]:
        if not count:
            return []
        if count > MAX_HEADERS * 2 or size != layout.size:
            raise self.damaged(f"{count} {what}s of {size} bytes")
        return list(layout.iter_unpack(self.bytes(offset, count * size, f"the {what} table")))


def _as_segment(section: Section) -> Segment:
    """A section that is loaded by itself, as those of an object file are."""
    size = 0 if section.type == SHT_NOBITS else section.size
    address = section.address
    return Segment(PT_LOAD, PF_W, section.offset, address, address, size, section.size)


def string_at(strings: bytes, offset: int, longest: int) -> str:
    """The NUL-terminated string at ``offset`` of a string table; empty if there is none."""
    end = strings.find(b"\0", offset, offset + longest)
    return strings[offset : max(end, offset)].decode("utf-8", "backslashreplace")
