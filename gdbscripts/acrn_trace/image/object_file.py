# SPDX-License-Identifier: BSD-3-Clause
"""Links an object file (``.o``, ``.ko``) in memory: a copy of its bytes with known addresses.

It is done as Linux's loader of modules does it (kernel/module/main.c, arch/x86/kernel/module.c):
the sections that are loaded get addresses, one behind the other; the symbols' values become
addresses, and relocations are applied. What is defined elsewhere becomes a function of its name
that begins where nothing is.
"""

import io
import struct
from dataclasses import dataclass
from typing import Iterator

from acrn_trace.base.errors import TraceError
from acrn_trace.guest.abi import MASK64
from acrn_trace.image import elf
from acrn_trace.image.elf import SECTION, ElfFile, Section

BASE = 0x100000
SPACE = 1 << 30  # bytes: all of it is within reach of a distance of 32 bits
ELSEWHERE = 16  # bytes from one function that is defined elsewhere to the next
MAX_ALIGNMENT = 1 << 21

_SYMBOL = struct.Struct("<IBBHQQ")
_RELOCATION = struct.Struct("<QQq")
_ADDRESS = 16  # where a section header has it
_SHN_LORESERVE, _SHN_ABS, _SHN_XINDEX = 0xFF00, 0xFFF1, 0xFFFF
_GLOBAL_FUNCTION = 0x12

# R_X86_64_*, by number: size in bytes, and whether it is a distance from its own place (System V
# ABI, AMD64 supplement, table 4.9). A PLT32 goes to the function itself, as there is no PLT.
_KINDS = {
    **{1: (8, False), 10: (4, False), 11: (4, False), 12: (2, False), 14: (1, False)},
    **{24: (8, True), 2: (4, True), 4: (4, True), 13: (2, True), 15: (1, True)},
}
_NONE = 0


@dataclass(frozen=True)
class _Symbols:
    """``values`` are addresses, ``rows`` what the file is to have in their table's place."""

    values: list[int]
    rows: bytes


def linked(file: ElfFile) -> io.BytesIO:
    """What ``file`` becomes; TraceError if what it says of itself cannot be."""
    data = bytearray(file.bytes(0, file.size, "the file"))
    addresses = list(_addresses(file))
    for number, address in enumerate(addresses):
        place = file.section_table + number * SECTION.size + _ADDRESS
        data[place : place + 8] = address.to_bytes(8, "little")
    known = {}
    for table in _tables(file, elf.SHT_SYMTAB, "symbol tables"):
        known[table] = _symbols(file, table, addresses)
        data[table.offset : table.offset + len(known[table].rows)] = known[table].rows
    _relocate(file, data, addresses, known)
    return io.BytesIO(data)


def _tables(file: ElfFile, kind: int, what: str) -> list[Section]:
    """The sections of a type, which are not more than the file."""
    tables = [section for section in file.sections if section.type == kind]
    if sum(table.size for table in tables) > file.size:
        raise file.damaged(f"its {what} overlap")
    return tables


def _addresses(file: ElfFile) -> Iterator[int]:
    """Where each section is put; 0 for what is not loaded."""
    end = BASE
    for section in file.sections:
        if not section.flags & elf.SHF_ALLOC:
            yield 0
            continue
        if section.alignment > MAX_ALIGNMENT:
            raise file.damaged(f"section {section.name} is aligned to {section.alignment:#x} bytes")
        alignment = max(section.alignment, 1)
        start = -(-end // alignment) * alignment
        end = start + section.size
        if end > BASE + SPACE:
            raise file.damaged("the sizes of its sections are more than 1 GiB")
        yield start


def _symbols(file: ElfFile, table: Section, addresses: list[int]) -> _Symbols:
    elsewhere = max(map(_end, file.sections, addresses), default=BASE) + ELSEWHERE & -ELSEWHERE
    values, rows = [], bytearray()
    data = file.bytes(table.offset, table.size - table.size % _SYMBOL.size, "the symbol table")
    for name, info, other, section, value, size in _SYMBOL.iter_unpack(data):
        if section == _SHN_XINDEX or len(addresses) <= section < _SHN_LORESERVE:
            raise file.damaged(f"a symbol is in section {section}")
        if 0 < section < _SHN_LORESERVE:
            value = addresses[section] + value & MASK64
        elif section != _SHN_ABS and values:  # the first symbol is none
            value, section, info, size = elsewhere, _SHN_ABS, _GLOBAL_FUNCTION, ELSEWHERE
            elsewhere += ELSEWHERE
        values.append(value)
        rows += _SYMBOL.pack(name, info, other, section, value, size)
    return _Symbols(values, bytes(rows))


def _end(section: Section, address: int) -> int:
    return address + section.size if section.flags & elf.SHF_ALLOC else 0


def _relocate(
    file: ElfFile, data: bytearray, addresses: list[int], known: dict[Section, _Symbols]
) -> None:
    for table in _tables(file, elf.SHT_RELA, "relocations"):
        if max(table.info, table.link) >= len(file.sections):
            raise file.damaged(f"section {table.name} relocates no section, or by no symbols")
        section, symbols = file.sections[table.info], known.get(file.sections[table.link])
        if symbols is None:
            raise file.damaged(f"section {table.name} relocates by no symbols")
        if section.type == elf.SHT_NOBITS or section.flags & elf.SHF_COMPRESSED:
            continue
        file.bytes(section.offset, section.size, f"section {section.name}")
        try:
            _apply(file, data, table, section, addresses[table.info], symbols.values)
        except (IndexError, struct.error):
            raise file.damaged(f"section {table.name} has what is not in section {section.name}")


def _apply(
    file: ElfFile,
    data: bytearray,
    table: Section,
    section: Section,
    address: int,
    values: list[int],
) -> None:
    """Write what each relocation of ``table`` says into ``section``."""
    rows = file.bytes(table.offset, table.size - table.size % _RELOCATION.size, table.name)
    for offset, info, addend in _RELOCATION.iter_unpack(rows):
        shape = _KINDS.get(info & 0xFFFF_FFFF)
        if shape is None:
            _refuse_unknown(file, section, info & 0xFFFF_FFFF)
            continue
        size, is_distance = shape
        if offset + size > section.size:
            raise IndexError
        value = values[info >> 32] + addend - (address + offset if is_distance else 0)
        place = section.offset + offset
        data[place : place + size] = (value & (1 << 8 * size) - 1).to_bytes(size, "little")


def _refuse_unknown(file: ElfFile, section: Section, kind: int) -> None:
    """In debug information are more kinds, none of which is an address of code."""
    if kind != _NONE and section.flags & elf.SHF_ALLOC:
        raise TraceError(
            f"{file.path}: section {section.name} has relocations of type {kind}, which need a "
            "linker; give the linked image"
        )
