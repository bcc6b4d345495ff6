# SPDX-License-Identifier: BSD-3-Clause
"""Reads what QEMU's ``dump-guest-memory`` writes: an ELF core, plain or with ``-p``.

Hostile input: nothing in it is believed that does not fit the file, and what does not is a note.
With ``-p`` the program headers have virtual addresses too; what is read here are the physical ones,
which both kinds have, and the guest's own page tables lead to the rest.
"""

import os
import struct
from dataclasses import dataclass, field
from typing import IO

from acrn_trace.at_rest.corenotes import notes_in, read_vcpus
from acrn_trace.at_rest.filememory import FileMemory, Piece, equal_in, joined
from acrn_trace.at_rest.moved_kernel import read_vmcoreinfo
from acrn_trace.at_rest.other_makers import ANEW, FORMATS, NOTES
from acrn_trace.base.errors import TraceError
from acrn_trace.base.formats import told_of
from acrn_trace.base.open_file import open_file
from acrn_trace.guest.snapshot import DUMP, PAGED_DUMP, SnapshotVcpu
from acrn_trace.image.elf import MAGIC, SECTION, SHT_NOTE

PT_LOAD, PT_NOTE = 1, 4
MAX_HEADERS = 1 << 20  # a -p dump of 4 GiB in pages of 4 KiB
MAX_NOTE_BYTES = 16 << 20
MAX_ADDRESS = 1 << 52  # of x86-64's physical memory
_ET_CORE, _X86_64, _I386 = 4, 62, 3
_PN_XNUM = 0xFFFF
_HEADERS_AT_ONCE = 1 << 14

_MEMORY = "for a file of bare memory (pmemsave) use --memory"


@dataclass(frozen=True)
class _Layout:
    """How a class of ELF lays out its headers; QEMU writes 32 bits if vCPU 0 is in no long mode."""

    header: struct.Struct
    segment: struct.Struct
    order: tuple[int, ...]  # of type, offset, virtual, physical and size in the file, in a segment
    section_info: tuple[int, str]  # where in section header 0 the number of segments is


_LAYOUTS = {
    1: _Layout(
        struct.Struct("<16sHHIIIIIHHHHHH"), struct.Struct("<8I"), (0, 1, 2, 3, 4), (28, "<I")
    ),
    2: _Layout(
        struct.Struct("<16sHHIQQQIHHHHHH"), struct.Struct("<2I6Q"), (0, 2, 3, 4, 5), (44, "<I")
    ),
}


@dataclass
class CoreSnapshot:
    """A dump, open."""

    kind: str
    vcpus: list[SnapshotVcpu]
    physical: FileMemory
    notes: list[str]
    path: str
    headers: int  # program headers it has
    vmcoreinfo: dict[str, int]  # of Linux's own notes


@dataclass
class _Read:
    """What the program headers say."""

    pieces: list[Piece] = field(default_factory=list)
    notes: bytes = b""
    is_paged: bool = False
    loads: int = 0
    missing: int = 0  # bytes that the file should have
    impossible: int = 0  # headers that no memory can be at
    cut_notes: bool = False


def open_core(path: str) -> CoreSnapshot:
    """The dump in a file; TraceError if it is none or of a kind that is not read."""
    return open_file(path, "the dump", lambda file: _Core(path, file).snapshot())


class _Core:
    """One dump while its headers are read."""

    def __init__(self, path: str, file: IO[bytes]) -> None:
        self._path = path
        self._file = file
        self._size = os.fstat(file.fileno()).st_size
        self._complaints: list[str] = []
        self._layout, self._header = self._checked(self._at(0, 64))

    def snapshot(self) -> CoreSnapshot:
        first, count = self._header[5], self._header_count()
        read = self._read_headers(first, count)
        self._refuse_other_makers(read.notes if count else self._section_notes())
        vcpus = read_vcpus(read.notes, self._complaints)
        self._refuse_process(read, vcpus)
        pieces, contradictions = joined(read.pieces, equal_in(self._file))
        self._complain(read, contradictions)
        memory = FileMemory(self._file, pieces)
        kind = PAGED_DUMP if read.is_paged else DUMP
        said = read_vmcoreinfo(notes_in(read.notes))
        return CoreSnapshot(kind, vcpus, memory, self._complaints, self._path, count, said)

    def _at(self, offset: int, size: int) -> bytes:
        """What the file has of ``size`` bytes."""
        size = max(0, min(size, self._size - offset))
        return os.pread(self._file.fileno(), size, offset) if size else b""

    def _checked(self, start: bytes) -> tuple[_Layout, tuple]:
        """The layout and the values of the ELF header; TraceError unless it is a dump's."""
        what = f"the dump {self._path}"
        if start[:4] != MAGIC:
            raise TraceError(f"{what} is {told_of(start, FORMATS) or f'no ELF file; {_MEMORY}'}")
        layout = _LAYOUTS.get(start[4] if len(start) > 4 else 0)
        if layout is None or len(start) < layout.header.size or start[5] != 1:
            raise TraceError(f"{what} is damaged: its ELF header is none of x86's; {ANEW}")
        header = layout.header.unpack_from(start)
        if header[2] not in (_X86_64, _I386):
            raise TraceError(f"{what} is for another machine than x86-64 (ELF's {header[2]})")
        if header[1] != _ET_CORE:
            raise TraceError(f"{what} is an ELF file but no dump; name the dump, then the image")
        return layout, header

    def _header_count(self) -> int:
        """Program headers that can be read, of those that the file says it has."""
        layout, count = self._layout, self._header[10]
        if count == _PN_XNUM:
            at, form = layout.section_info
            info = self._at(self._header[6] + at, 4)
            count = struct.unpack(form, info)[0] if len(info) == 4 and self._header[6] else 0
            if not count:
                self._complaints.append("The dump does not say how many program headers it has.")
        there = max(0, self._size - self._header[5]) // layout.segment.size
        readable = min(count, there, MAX_HEADERS)
        if readable < count:
            why = "there are too many" if there > readable else "the file ends before the others"
            self._complaints.append(
                f"Of the dump's {count} program headers only {readable} are read: {why}."
            )
        return readable

    def _read_headers(self, first: int, count: int) -> _Read:
        size, read = self._layout.segment.size, _Read()
        for index in range(0, count, _HEADERS_AT_ONCE):
            number = min(_HEADERS_AT_ONCE, count - index)
            data = self._at(first + index * size, number * size)
            data = data[: len(data) - len(data) % size]
            kind, offset, virtual, physical, length = self._layout.order
            for row in self._layout.segment.iter_unpack(data):
                if row[kind] == PT_LOAD:
                    self._load(read, row[offset], row[virtual], row[physical], row[length])
                elif row[kind] == PT_NOTE:
                    self._note(read, row[offset], row[length])
        return read

    def _load(self, read: _Read, offset: int, virtual: int, physical: int, size: int) -> None:
        """Take of a PT_LOAD what can be; joined to the one before where it goes on there."""
        read.loads += 1
        read.is_paged = read.is_paged or virtual != physical
        if not size:
            return
        if physical + size > MAX_ADDRESS:
            read.impossible += 1
            size = MAX_ADDRESS - physical
        there = max(0, min(size, self._size - offset))
        read.missing += max(0, size) - there
        if not there:
            return
        last = read.pieces[-1] if read.pieces else None
        if last and physical == last.end and offset == last.offset + last.size:
            read.pieces[-1] = last._replace(size=last.size + there)
        else:
            read.pieces.append(Piece(physical, offset, there))

    def _note(self, read: _Read, offset: int, size: int) -> None:
        data = self._at(offset, min(size, MAX_NOTE_BYTES - len(read.notes)))
        read.cut_notes = read.cut_notes or len(data) < size
        read.notes += data

    def _section_notes(self) -> bytes:
        """The notes of a dump that has sections alone, as Xen's."""
        at, size, count = self._header[6], *self._header[11:13]
        rows = self._at(at, count * size)[: count * SECTION.size]
        if size != SECTION.size or len(rows) < count * size:
            return b""
        places = [(row[4], row[5]) for row in SECTION.iter_unpack(rows) if row[1] == SHT_NOTE]
        return b"".join(self._at(offset, min(length, 4096)) for offset, length in places[:16])

    def _refuse_other_makers(self, notes: bytes) -> None:
        for note in notes_in(notes):
            for name, first, last, told in NOTES:
                if note.name == name and first <= note.type <= last:
                    raise TraceError(f"the dump {self._path} is {told}")

    def _refuse_process(self, read: _Read, vcpus: list[SnapshotVcpu]) -> None:
        known = any("cr3" in vcpu.registers for vcpu in vcpus)
        if read.loads > 1 and read.is_paged and not known:
            if not any(piece.address for piece in read.pieces):
                raise TraceError(
                    f"{self._path} is the core of a process, not the dump of a guest; {ANEW}"
                )

    def _complain(self, read: _Read, contradictions: int) -> None:
        say = self._complaints.append
        if read.missing:
            say(f"The dump is truncated: {read.missing} bytes of memory are not in the file.")
        if read.cut_notes:
            say("The dump's notes are not whole: they reach beyond the file or are too large.")
        if read.impossible:
            say(
                f"{read.impossible} of the dump's program headers say addresses beyond any "
                "physical memory; what is beyond is left out."
            )
        if contradictions:
            say(
                f"{contradictions} of the dump's program headers contradict others about the "
                "same memory; the one with the lowest address is believed."
            )
        if not read.pieces:
            say("The dump has no memory.")
