# SPDX-License-Identifier: BSD-3-Clause
"""Reads an x86-64 ELF image: its bytes by virtual address, functions, entry points.

An image is hostile input: sizes are checked against the file before anything is read, and what does
not add up is one sentence (TraceError).
"""

import bisect
import os
import struct
from typing import IO, Iterator

from acrn_trace.errors import TraceError

try:
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile
    from elftools.elf.sections import NoteSection, Section
except ImportError:
    raise TraceError(
        "the Python library pyelftools is missing; on Debian, 'apt-get install python3-pyelftools'"
    ) from None

_SYMBOL = struct.Struct("<IBBHQQ")
STT_FUNC = 2
SHF_ALLOC = 2
SHF_COMPRESSED = 1 << 11
XEN_ELFNOTE_PHYS32_ENTRY = 18  # the PVH entry: Xen's public/elfnote.h
MAX_STRING = 4096


class Image:
    """One image file. Usable as long as ``file`` is open."""

    def __init__(self, path: str, file: IO[bytes], elf: ELFFile) -> None:
        self.path = path
        self._file = file
        self._size = os.fstat(file.fileno()).st_size
        self._elf = elf
        self._segments = [s.header for s in elf.iter_segments("PT_LOAD")]
        self._starts, self._functions = _functions(self)

    def section(self, name: str) -> Section | None:
        return self._elf.get_section_by_name(name)

    def section_data(self, section: Section) -> bytes:
        """A section's bytes as they stand in the file; what is compressed is refused."""
        header = section.header
        if header.sh_type == "SHT_NOBITS":
            return b""
        if header.sh_flags & SHF_COMPRESSED:
            raise TraceError(
                f"{self.path}: section {section.name} is compressed; decompress it first"
            )
        return self._bytes(header.sh_offset, header.sh_size, f"section {section.name}")

    def read(self, address: int, size: int) -> bytes | None:
        """``size`` bytes at a virtual address, or None where the file has no such bytes."""
        data = self._read_at_most(address, size)
        return data if len(data) == size else None

    def string(self, address: int) -> str | None:
        """The NUL-terminated string at a virtual address; None if there is no such text."""
        text, end, _ = self._read_at_most(address, MAX_STRING).partition(b"\0")
        return text.decode("utf-8", "backslashreplace") if end else None

    def _read_at_most(self, address: int, size: int) -> bytes:
        for segment in self._segments:
            offset = address - segment.p_vaddr
            if 0 <= offset < segment.p_filesz:
                size = min(size, segment.p_filesz - offset)
                return self._bytes(segment.p_offset + offset, size, f"address {address:#x}")
        return b""

    def function_at(self, address: int) -> str | None:
        """The function whose symbol covers ``address``; None in a stripped image."""
        index = bisect.bisect_right(self._starts, address) - 1
        if index < 0:
            return None
        start, size, name = self._functions[index]
        return name if address < start + max(size, 1) else None

    def entry_points(self) -> dict[int, bytes]:
        """Where the guest begins to run at each boot, the ELF and PVH entry, and the code there."""
        entries = {self._elf.header.e_entry}
        for section in self._elf.iter_sections():
            if isinstance(section, NoteSection):
                entries |= set(_pvh_entries(self.section_data(section)))
        code = {entry: self._code_at(entry) for entry in entries}
        return {entry: data for entry, data in code.items() if data}

    def _code_at(self, entry: int) -> bytes:
        """The first bytes at a boot entry, which is physical or virtual as the boot protocol goes."""
        for segment in self._segments:
            offset = entry - segment.p_paddr
            if 0 <= offset < segment.p_filesz:
                entry = segment.p_vaddr + offset
                break
        return self._read_at_most(entry, 16)

    def _bytes(self, offset: int, size: int, what: str) -> bytes:
        if offset + size > self._size:
            raise TraceError(
                f"{self.path}: {what} lies outside of the file; is the file truncated?"
            )
        self._file.seek(offset)
        return self._file.read(size)


def open_image(path: str) -> Image:
    """Open an x86-64 ELF image; TraceError says what else it is."""
    try:
        file = open(path, "rb")
    except OSError as error:
        raise TraceError(f"cannot read the image {path}: {error.strerror}") from error
    try:
        elf = ELFFile(file)
        machine = elf.get_machine_arch()
        if machine != "x64" or not elf.little_endian or elf.elfclass != 64:
            raise TraceError(f"the image {path} is for {machine}, not for x86-64")
        return Image(path, file, elf)
    except TraceError:
        file.close()
        raise
    except Exception as error:  # pyelftools has no one exception for a file that lies
        file.close()
        raise TraceError(_unreadable(path, error)) from error


def _unreadable(path: str, error: Exception) -> str:
    if isinstance(error, ELFError) and "Magic" in str(error):
        return f"the image {path} is not an ELF file; give the guest's ELF image"
    return (
        f"the image {path} is damaged ({type(error).__name__}: {error}); rebuild or fetch it anew"
    )


def _functions(image: Image) -> tuple[list[int], list[tuple[int, int, str]]]:
    """Start addresses, and (start, size, name) of each function symbol, both in address order."""
    symbols, names = image.section(".symtab"), image.section(".strtab")
    if symbols is None or names is None:
        return [], []
    data, strings = image.section_data(symbols), image.section_data(names)
    whole = len(data) - len(data) % _SYMBOL.size
    functions = sorted(
        (value, size, _name(strings, name))
        for name, info, _, _, value, size in _SYMBOL.iter_unpack(data[:whole])
        if info & 15 == STT_FUNC and value
    )
    return [start for start, _, _ in functions], functions


def _name(strings: bytes, offset: int) -> str:
    end = strings.find(b"\0", offset, offset + MAX_STRING)
    return strings[offset : max(end, offset)].decode("utf-8", "backslashreplace")


def _pvh_entries(notes: bytes) -> Iterator[int]:
    """The entry addresses in a note section, whose notes are aligned to four bytes."""
    offset = 0
    while offset + 12 <= len(notes):
        name_size, size, kind = struct.unpack_from("<III", notes, offset)
        name = offset + 12
        content = name + (name_size + 3 & ~3)
        if kind == XEN_ELFNOTE_PHYS32_ENTRY and notes[name : name + 4] == b"Xen\0":
            yield int.from_bytes(notes[content : content + min(size, 8)], "little")
        offset = content + (size + 3 & ~3)
