# SPDX-License-Identifier: BSD-3-Clause
"""Opens an x86-64 ELF image: its bytes by virtual address, functions, code, entry points.

An image is hostile input: sizes are checked against the file before anything is read, and what does
not add up is one sentence (TraceError). Addresses are as linked.
"""

import bisect
import struct
from dataclasses import dataclass
from functools import cache, cached_property
from typing import IO, Iterator

from acrn_trace.base.decompressed import decompressed
from acrn_trace.base.errors import TraceError
from acrn_trace.base.open_file import open_file
from acrn_trace.guest.abi import MASK64
from acrn_trace.image import elf
from acrn_trace.image.boot_entries import boot_entries
from acrn_trace.image.elf import ElfFile, Section, Segment, string_at
from acrn_trace.image.object_file import linked

_SYMBOL = struct.Struct("<IBBHQQ")
STT_NOTYPE, STT_OBJECT, STT_FUNC = 0, 1, 2
MAX_STRING = 4096


@dataclass(frozen=True)
class Code:
    """Executable bytes of the image, one section's or, without sections, one segment's."""

    name: str
    address: int
    data: bytes

    @property
    def end(self) -> int:
        return self.address + len(self.data)


class Image:
    """One image file. Usable as long as its file is open."""

    def __init__(self, file: ElfFile) -> None:
        self.path = file.path
        self.is_object = file.is_object
        self._file = file
        self._segments = [s for s in file.segments if s.type == elf.PT_LOAD]
        self._by_name = {section.name: section for section in reversed(file.sections)}
        self._names = self._table = b""
        self._starts: list[int] = []
        self._symbols: list[tuple[int, int, int, int]] = []
        self._labels: list[tuple[int, int]] = []
        self._read_symbols()

    def sections(self) -> list[Section]:
        """All of the file's, in its order."""
        return self._file.sections

    def section(self, name: str) -> Section | None:
        return self._by_name.get(name)

    def section_data(self, section: Section) -> bytes:
        """A section's bytes as they stand in the file; what is compressed is refused."""
        if section.type == elf.SHT_NOBITS:
            return b""
        if section.flags & elf.SHF_COMPRESSED:
            raise TraceError(
                f"{self.path}: section {section.name} is compressed; decompress it first"
            )
        return self._file.bytes(section.offset, section.size, f"section {section.name}")

    def contents(self) -> IO[bytes]:
        """All its bytes, of an object file with its relocations applied; closed by who reads it."""
        return self._file.contents()

    def place(self, address: int) -> str | None:
        """What an object file's address is called, which objdump shows: section and offset.

        None in a linked image, where addresses speak for themselves.
        """
        return self._file.place(address) if self.is_object else None

    @property
    def symbols_file(self) -> str | None:
        """The file that has the symbols of this one, which was stripped; None if none is named."""
        link = self.section(".gnu_debuglink")
        if link is None or any(s.type == elf.SHT_SYMTAB for s in self._file.sections):
            return None
        return string_at(self.section_data(link), 0, elf.MAX_NAME) or None

    def code(self) -> list[Code]:
        """The executable sections, or segments where there are no sections, by address."""
        return self._code

    @cached_property
    def _code(self) -> list[Code]:
        parts = self._code_sections() or [
            (f"segment {number}", s.address, s.offset, s.file_size)
            for number, s in enumerate(self._segments)
            if s.flags & elf.PF_X
        ]
        if sum(size for _, _, _, size in parts) > self._file.size:
            raise self._file.damaged("its executable sections overlap")
        return sorted(
            (
                Code(name, address, self._file.bytes(offset, size, f"section {name}"))
                for name, address, offset, size in parts
            ),
            key=lambda code: code.address,
        )

    def _code_sections(self) -> list[tuple[str, int, int, int]]:
        return [(s.name, s.address, s.offset, s.size) for s in self._file.sections if s.is_code]

    def data(self) -> list[tuple[int, bytes]]:
        """Address and bytes of the loaded sections, or segments, that are not executable."""
        parts = [(s.address, s.offset, s.size) for s in self._file.sections if s.is_data]
        if not self._file.sections:  # else they would be the headers of the file, with addresses
            segments = [s for s in self._segments if not s.flags & elf.PF_X]
            parts = [(s.address, s.offset, s.file_size) for s in segments]
        if sum(size for _, _, size in parts) > self._file.size:
            raise self._file.damaged("its data sections overlap")
        return [(address, self._file.bytes(at, size, "data")) for address, at, size in parts]

    @cache
    def holds(self, text: bytes) -> bool:
        """Whether what is loaded has ``text`` anywhere."""
        parts = [*(code.data for code in self.code()), *(data for _, data in self.data())]
        return any(text in part for part in parts)

    def read(self, address: int, size: int) -> bytes | None:
        """``size`` bytes at a virtual address, or None where the file has no such bytes."""
        data = self.read_at_most(address, size)
        return data if len(data) == size else None

    def string(self, address: int) -> str | None:
        """The NUL-terminated string at a virtual address; None if there is no such text."""
        text, end, _ = self.read_at_most(address, MAX_STRING).partition(b"\0")
        return text.decode("utf-8", "backslashreplace") if end else None

    def read_at_most(self, address: int, size: int) -> bytes:
        """Up to ``size`` bytes at a virtual address: as many as its segment's file part has."""
        for segment in self._segments:
            offset = address - segment.address
            if 0 <= offset < segment.file_size:
                size = min(size, segment.file_size - offset)
                return self._file.bytes(segment.offset + offset, size, f"address {address:#x}")
        return b""

    def physical_address(self, address: int) -> int | None:
        """Where the loader puts the byte of a virtual address; None outside of the image."""
        for segment in self._segments:
            if 0 <= address - segment.address < max(segment.file_size, segment.memory_size):
                return address - segment.address + segment.physical
        return None

    def linked_address(self, physical: int) -> int:
        """The virtual address of the byte that the loader puts at ``physical``, if it is one."""
        for segment in self._segments:
            if 0 <= physical - segment.physical < segment.file_size:
                return physical - segment.physical + segment.address
        return physical

    def virtual_address(self, physical: int) -> int | None:
        """Where the image is to have the byte that is, or is zeroed, at ``physical``."""
        for segment in self._segments:
            if 0 <= physical - segment.physical < max(segment.file_size, segment.memory_size):
                return physical - segment.physical + segment.address
        return None

    def segments(self) -> list[Segment]:
        """The segments that are loaded."""
        return self._segments

    def object_named(self, name: str) -> int | None:
        """The address of the data symbol ``name``; None if there is none."""
        return next(
            (value for kind, value in self._symbols_named(name) if kind == STT_OBJECT), None
        )

    def value_of(self, name: str) -> int | None:
        """The address of the symbol ``name``, of whatever kind; None if there is none."""
        return next((value for _, value in self._symbols_named(name)), None)

    def _symbols_named(self, name: str) -> Iterator[tuple[int, int]]:
        """Type and value of each."""
        wanted = name.encode() + b"\0"
        places, at = set(), self._names.find(wanted)
        while at >= 0:  # a name may be the end of another's
            places.add(at)
            at = self._names.find(wanted, at + 1)
        for place, info, _, section, value, _ in _SYMBOL.iter_unpack(
            self._table if places else b""
        ):
            if place in places and section:
                yield info & 15, value

    def function_at(self, address: int) -> str | None:
        """The name of ``symbol_at``; None in a stripped image."""
        symbol = self.symbol_at(address)
        return symbol and symbol[0]

    def symbol_at(self, address: int) -> tuple[str, int] | None:
        """Name and start of the function whose symbol covers ``address``, else of the label before
        it that has no type or no size."""
        index = bisect.bisect_right(self._starts, address) - 1
        start, size, name, _ = self._symbols[index] if index >= 0 else (0, 0, 0, 0)
        if address >= start + size:
            behind = start + size
            label = bisect.bisect_right(self._labels, (address, 1 << 64)) - 1
            start, name = self._labels[label] if label >= 0 else (0, 0)
            if start < behind or self._code_with(start) != self._code_with(address):
                return None
        text = string_at(self._names, name, MAX_STRING)
        return (text, start) if text else None

    def function_named(self, name: str) -> int | None:
        """The address of the function symbol ``name``."""
        wanted = name.encode()
        for start, _, place, _ in self._symbols:
            if self._names.startswith(wanted + b"\0", place):
                return start
        return None

    def function_bounds(self) -> list[tuple[int, int]]:
        """Start and size of each function symbol in address order; a size of 0 is unknown."""
        return [(start, size) for start, size, _, _ in self._symbols]

    def labels(self) -> list[int]:
        """The symbols in code that have no type, or are functions without a size, by address."""
        return [address for address, _ in self._labels]

    def objects(self) -> list[tuple[int, int]]:
        """Start and size of each data symbol that has a size, in address order."""
        return self._objects

    @cached_property
    def boot_entries(self) -> dict[int, int]:
        """Where a boot loader enters the image, and how many bits (32 or 64) the code there has."""
        return boot_entries(self._file)

    def entry_points(self, offset: int = 0) -> dict[int, bytes]:
        """Where the guest begins to run at each boot, and the code there.

        ``offset`` is how far the image's virtual addresses were moved.
        """
        entries = {}
        for entry in self.boot_entries:
            code = self._code_at(entry)
            if code:
                virtual = self.read_at_most(entry, 1)
                entries[entry + offset & MASK64 if virtual else entry] = code
        return entries

    def _code_at(self, entry: int) -> bytes:
        """The first bytes at a boot entry, physical or virtual as the boot protocol goes."""
        return self.read_at_most(self.linked_address(entry), 16)

    def _code_with(self, address: int) -> str | None:
        """The name of the executable section, or segment, that has ``address``."""
        return next((c.name for c in self._code if c.address <= address < c.end), None)

    def _read_symbols(self) -> None:
        """Functions as (start, size, name's offset, binding) and objects, both in address order."""
        table = next((s for s in self._file.sections if s.type == elf.SHT_SYMTAB), None)
        table = table or next((s for s in self._file.sections if s.type == elf.SHT_DYNSYM), None)
        self._objects: list[tuple[int, int]] = []
        if table is None or table.link >= len(self._file.sections):
            return
        self._names = self.section_data(self._file.sections[table.link])
        data = self.section_data(table)
        self._table = data[: len(data) - len(data) % _SYMBOL.size]
        rows = list(_SYMBOL.iter_unpack(self._table))
        self._symbols = sorted(
            (value, size, name, info)
            for name, info, _, section, value, size in rows
            if info & 15 == STT_FUNC and section
        )
        self._starts = [symbol[0] for symbol in self._symbols]
        self._objects = sorted(
            (value, size)
            for _, info, _, section, value, size in rows
            if info & 15 == STT_OBJECT and section and size
        )
        self._labels = sorted(
            (value, name)
            for name, info, _, section, value, size in rows
            if info & 15 == STT_NOTYPE or (info & 15 == STT_FUNC and not size)
            if section < len(self._file.sections) and self._is_code(section, value)
        )

    def _is_code(self, number: int, address: int) -> bool:
        section = self._file.sections[number]
        return section.is_code and 0 <= address - section.address < section.size


def open_image(path: str) -> Image:
    """Open an x86-64 ELF image; TraceError says what else it is."""
    return open_file(path, "the image", lambda file: Image(ElfFile(path, file)))


def open_image_or_object(path: str) -> Image:
    """Open an x86-64 ELF image, or an object file (``.o``, ``.ko``) as if it were linked alone.

    Either may be compressed, as modules are.
    """

    def opened(file: IO[bytes]) -> Image:
        return Image(_linked(ElfFile(path, decompressed(file, path), True)))

    return open_file(path, "the image", opened)


def _linked(file: ElfFile) -> ElfFile:
    return ElfFile(file.path, linked(file), True) if file.is_object else file
