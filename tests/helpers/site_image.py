"""What an image holds, seen three ways: its machine code, its line table, its site records.

The tests here compare the three. This reader of site records is on purpose the shortest that the
specification (docs/site-records.md) allows, and shares nothing with the tool's.
"""

from __future__ import annotations

import os
import re
import struct
from dataclasses import dataclass
from pathlib import Path

import capstone
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile

RECORD = struct.Struct("<iiIIQ")
NUMBER_KNOWN = 1


@dataclass(frozen=True)
class Record:
    site: int
    file: str
    line: int
    number: int | None


class Image:
    def __init__(self, path: Path) -> None:
        self._stream = path.open("rb")
        self.elf = ELFFile(self._stream)
        self._loaded = [
            (section["sh_addr"], section.data())
            for section in self.elf.iter_sections()
            if section["sh_flags"] & SH_FLAGS.SHF_ALLOC and section["sh_type"] != "SHT_NOBITS"
        ]

    def records(self) -> list[Record]:
        section = self.elf.get_section_by_name(".acrn_sites")
        if section is None:
            return []
        assert section["sh_flags"] & SH_FLAGS.SHF_ALLOC, "the records are not loaded"
        assert section["sh_size"] % RECORD.size == 0, "there is something between the records"
        return [
            self._record(section["sh_addr"] + at, RECORD.unpack_from(section.data(), at))
            for at in range(0, section["sh_size"], RECORD.size)
        ]

    def _record(self, address: int, fields: tuple[int, ...]) -> Record:
        site, file, line, flags, number = fields
        name = self._string(address + 4 + file) if file else ""
        return Record(address + site, name, line, number if flags & NUMBER_KNOWN else None)

    def _string(self, address: int) -> str:
        for start, data in self._loaded:
            if start <= address < start + len(data):
                offset = address - start
                return data[offset:].split(b"\0", 1)[0].decode()
        raise AssertionError(f"no section of the image holds the file name at {address:#x}")

    def vmcalls(self) -> list[int]:
        """Addresses of the VMCALLs in the executable sections, by disassembly."""
        decoder = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
        decoder.skipdata = True
        return [
            address
            for section in self.elf.iter_sections()
            if section["sh_flags"] & SH_FLAGS.SHF_EXECINSTR
            for address, _, mnemonic, _ in decoder.disasm_lite(section.data(), section["sh_addr"])
            if mnemonic == "vmcall"
        ]

    def lines(self, addresses: list[int]) -> dict[int, tuple[str, int]]:
        """File and line of each address, by the compiler's line table."""
        wanted = set(addresses)
        found: dict[int, tuple[str, int]] = {}
        for unit in self.elf.get_dwarf_info().iter_CUs():
            program = self.elf.get_dwarf_info().line_program_for_CU(unit)
            directory = unit.get_top_DIE().attributes["DW_AT_comp_dir"].value.decode()
            rows = [entry.state for entry in program.get_entries() if entry.state]
            for row, following in zip(rows, rows[1:]):
                for address in wanted if not row.end_sequence else ():
                    if row.address <= address < following.address:
                        found[address] = (_file(program, directory, row.file), row.line)
        return found

    def symbols(self) -> set[str]:
        table = self.elf.get_section_by_name(".symtab")
        return {symbol.name for symbol in table.iter_symbols()} if table else set()


def _file(program, directory: str, index: int) -> str:
    """The path of a file in a line table of DWARF 4, where both lists count from 1."""
    entry = program.header["file_entry"][index - 1]
    folder = directory
    if entry.dir_index:
        folder = program.header["include_directory"][entry.dir_index - 1].decode()
    return os.path.normpath(os.path.join(directory, folder, entry.name.decode()))


COMMENT = re.compile(r"/\* nr (?P<numbers>.*?)(?P<dead>, dead)? \*/")


def numbers_in_source(path: str, line: int) -> set[int | None]:
    """What the comment on a site's line says: `nr NUMBER`, `nr A or B`, `nr ?`."""
    comment = COMMENT.search(Path(path).read_text().splitlines()[line - 1])
    assert comment, f"{path}:{line} is no line with a site"
    return {None if word == "?" else int(word, 0) for word in comment["numbers"].split(" or ")}


def sites_in_source(path: Path, dead: bool) -> set[tuple[str, int]]:
    """The lines of a source file that make a hypercall, those in live or those in dead code."""
    matches = enumerate(map(COMMENT.search, path.read_text().splitlines()), start=1)
    return {(str(path), line) for line, match in matches if match and bool(match["dead"]) == dead}


def complaints(image: Image) -> list[str]:
    """Where records, code and line table disagree; empty if the records are right."""
    records = image.records()
    vmcalls = image.vmcalls()
    lines = image.lines(vmcalls)
    recorded = [record.site for record in records]
    wrong = [
        f"no record for the VMCALL at {site:#x} {lines.get(site)}"
        for site in set(vmcalls) - set(recorded)
    ]
    wrong += [f"a record of {site:#x}, where no VMCALL is" for site in set(recorded) - set(vmcalls)]
    wrong += [
        f"{site:#x} has more than one record" for site in set(recorded) if recorded.count(site) > 1
    ]
    for record in records:
        source = lines.get(record.site)
        if source and source != (os.path.normpath(record.file), record.line):
            wrong.append(f"{record} stands at {source}")
        elif source and record.number not in numbers_in_source(*source):
            wrong.append(f"{record} has another number than its source line")
        elif not source and record.site in vmcalls:
            wrong.append(f"{record} has no line in the line table")
    return wrong
