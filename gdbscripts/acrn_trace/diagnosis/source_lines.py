# SPDX-License-Identifier: BSD-3-Clause
"""Finds the source line of an address in an image's debug information, without a debugger.

Where there is more of that than can be read in a moment (a kernel), no line is known: GDB knows.
"""

import bisect
from typing import IO, Callable

from acrn_trace.diagnosis.standing import Line
from acrn_trace.guest.abi import MASK64

MAX_BYTES = 1 << 18  # of .debug_line, about a second

Row = tuple[int, Line | None]


def line_of(contents: Callable[[], IO[bytes]], offset: int) -> Callable[[int], Line | None]:
    """A function from an address, as the guest has it, to its line; ``contents`` is read once."""
    rows: list[Row] | None = None

    def lookup(address: int) -> Line | None:
        nonlocal rows
        if rows is None:
            rows = _rows(contents)
        index = bisect.bisect_right(rows, (address - offset & MASK64, ("\U0010ffff", 0))) - 1
        return rows[index][1] if index >= 0 else None

    return lookup


def _rows(contents: Callable[[], IO[bytes]]) -> list[Row]:
    """Where each line begins, by address; None where a sequence ends."""
    from elftools.common.exceptions import DWARFError, ELFError
    from elftools.elf.elffile import ELFFile

    try:
        with contents() as file:
            elf = ELFFile(file)
            section = elf.get_section_by_name(".debug_line")
            if section is None or section.data_size > MAX_BYTES:
                return []
            rows = _all_rows(elf.get_dwarf_info(relocate_dwarf_sections=False))
            return sorted(rows, key=lambda row: (row[0], row[1] or ("", 0)))
    except (OSError, DWARFError, ELFError, KeyError, IndexError, ValueError, AttributeError):
        return []  # names and addresses remain


def _all_rows(dwarf):
    for unit in dwarf.iter_CUs():
        program = dwarf.line_program_for_CU(unit)
        if program is None:
            continue
        version, files = program["version"], program["file_entry"]
        for entry in program.get_entries():
            state = entry.state
            if state is None:
                continue
            index = state.file - (version < 5)
            name = files[index].name if 0 <= index < len(files) else b"?"
            line = (name.decode("utf-8", "backslashreplace"), state.line)
            yield state.address, None if state.end_sequence else line
