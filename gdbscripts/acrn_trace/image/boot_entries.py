# SPDX-License-Identifier: BSD-3-Clause
"""Reads from an image where boot loaders enter it, in 32-bit or in 64-bit code.

The file is hostile input: what is searched is bounded, and what does not add up is no entry.
Sources: Xen's public/elfnote.h and docs/misc/pvh.pandoc; the multiboot specification 0.6.96, 3.1;
the multiboot 2 specification, 3.1.
"""

import struct
from typing import Iterator

from acrn_trace.image import elf
from acrn_trace.image.elf import ElfFile

XEN_ELFNOTE_PHYS32_ENTRY = 18  # the PVH entry
MAX_NOTES = 1 << 20  # bytes of notes that are searched
MAX_TAGS = 64
_MASK32 = 0xFFFF_FFFF

_MULTIBOOT, _HAS_ADDRESSES = 0x1BADB002, 1 << 16
_MULTIBOOT_SEARCHED, _MULTIBOOT2_SEARCHED = 8192, 32768  # bytes of the file that it may begin in
_MULTIBOOT2, _I386 = 0xE85250D6, 0
_TAG_END, _TAG_ENTRY, _TAG_EFI32, _TAG_EFI64 = 0, 3, 8, 9
_TAG_BITS = {_TAG_ENTRY: 32, _TAG_EFI32: 32, _TAG_EFI64: 64}


def boot_entries(file: ElfFile) -> dict[int, int]:
    """Address, physical or virtual as the boot protocol goes, and bits (32 or 64) of the code.

    The ELF entry is 64-bit code unless a note or header says that a loader enters it otherwise.
    """
    if file.is_object:
        return {}
    entries = {file.entry: 64}
    for address, bits in (*_multiboot(file), *_multiboot2(file)):
        entries[address] = bits
    entries.update(dict.fromkeys(_pvh_entries(file), 32))
    return entries


def _pvh_entries(file: ElfFile) -> Iterator[int]:
    notes = [s for s in file.sections if s.type == elf.SHT_NOTE] or [
        s for s in file.segments if s.type == elf.PT_NOTE
    ]
    for part in notes:
        size = part.size if isinstance(part, elf.Section) else part.file_size
        if size <= MAX_NOTES:
            yield from _pvh_entries_in(file.bytes(part.offset, size, "a note"))


def _pvh_entries_in(notes: bytes) -> Iterator[int]:
    """The entry addresses in a note section, whose notes are aligned to four bytes."""
    offset = 0
    while offset + 12 <= len(notes):
        name_size, size, kind = struct.unpack_from("<III", notes, offset)
        name = offset + 12
        content = name + (name_size + 3 & ~3)
        if kind == XEN_ELFNOTE_PHYS32_ENTRY and notes[name : name + 4] == b"Xen\0":
            yield int.from_bytes(notes[content : content + min(size, 8)], "little")
        offset = content + (size + 3 & ~3)


def _multiboot(file: ElfFile) -> Iterator[tuple[int, int]]:
    """The header's own entry address if it has addresses, else the ELF entry."""
    data = file.bytes(0, min(_MULTIBOOT_SEARCHED, file.size), "the beginning")
    at = _aligned(data, _MULTIBOOT, 4)
    if at is None or at + 12 > len(data):
        return
    magic, flags, checksum = struct.unpack_from("<III", data, at)
    if magic + flags + checksum & _MASK32:
        return
    if not flags & _HAS_ADDRESSES:
        yield file.entry, 32
    elif at + 32 <= len(data):
        yield int.from_bytes(data[at + 28 : at + 32], "little"), 32


def _multiboot2(file: ElfFile) -> Iterator[tuple[int, int]]:
    """The entries of the header's tags; the ELF entry if no tag has another for all machines."""
    data = file.bytes(0, min(_MULTIBOOT2_SEARCHED, file.size), "the beginning")
    at = _aligned(data, _MULTIBOOT2, 8)
    if at is None or at + 16 > len(data):
        return
    magic, machine, length, checksum = struct.unpack_from("<IIII", data, at)
    if magic + machine + length + checksum & _MASK32 or machine != _I386:
        return
    entries = dict(_tag_entries(data[at + 16 : at + length]))
    if _TAG_ENTRY not in entries:
        yield file.entry, 32
    yield from ((address, _TAG_BITS[kind]) for kind, address in entries.items())


def _tag_entries(tags: bytes) -> Iterator[tuple[int, int]]:
    offset = 0
    for _ in range(MAX_TAGS):
        if offset + 8 > len(tags):
            return
        kind, _, size = struct.unpack_from("<HHI", tags, offset)
        if kind == _TAG_END:
            return
        if kind in _TAG_BITS and size >= 12:
            yield kind, int.from_bytes(tags[offset + 8 : offset + 12], "little")
        offset += max(size + 7 & ~7, 8)


def _aligned(data: bytes, magic: int, alignment: int) -> int | None:
    """Where ``magic`` first stands at a multiple of ``alignment``."""
    wanted = struct.pack("<I", magic)
    at = data.find(wanted)
    while at >= 0 and at % alignment:
        at = data.find(wanted, at + 1)
    return at if at >= 0 else None
