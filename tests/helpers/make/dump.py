# SPDX-License-Identifier: BSD-3-Clause
"""Writes dumps as QEMU's dump-guest-memory does: ELF, section and program headers, notes, memory.

For tests of what no real guest does, and for dumps larger than one wants to wait for.
"""

import struct
from dataclasses import dataclass, field

PN_XNUM = 0xFFFF
_EHDR, _SHDR, _PHDR = struct.Struct("<16sHHIQQQIHHHHHH"), 64, struct.Struct("<2I6Q")
_PRSTATUS = struct.Struct("<32xI76x27Q8x")
_PRSTATUS_NAMES = (
    "r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss "
    "fs_base gs_base ds es fs gs"
).split()
_QEMU_NAMES = "rax rbx rcx rdx rsi rdi rsp rbp r8 r9 r10 r11 r12 r13 r14 r15 rip eflags".split()
_SEGMENTS = "cs ds es fs gs ss ldt tr gdt idt".split()

LONG_MODE = {"cr0": 0x80010011, "cr4": 0x20, "cs": 8, "ss": 16, "eflags": 2}


@dataclass(frozen=True)
class Load:
    """A PT_LOAD: ``size`` bytes of memory, at ``offset`` behind the dump's headers."""

    physical: int
    size: int
    offset: int
    virtual: int | None = None  # as physical


@dataclass
class DumpBuilder:
    """``vcpus`` are registers by name; ``data`` is what stands behind the headers, or is to be
    written there afterwards."""

    vcpus: list[dict[str, int]]
    loads: list[Load]
    data: bytes = b""
    threads: bool = True  # NT_PRSTATUS notes
    states: bool = True  # QEMU's own notes
    more_notes: list[bytes] = field(default_factory=list)

    def notes(self) -> bytes:
        parts = [thread(n, regs) for n, regs in enumerate(self.vcpus) if self.threads]
        parts += [state(regs) for regs in self.vcpus if self.states]
        return b"".join(parts + self.more_notes)

    @property
    def data_offset(self) -> int:
        """Where in the file the memory begins."""
        return 64 + 2 * _SHDR + (len(self.loads) + 1) * _PHDR.size + len(self.notes())

    def headers(self) -> bytes:
        notes, count = self.notes(), len(self.loads) + 1
        first = 64 + 2 * _SHDR
        ident = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
        known = min(count, PN_XNUM)
        parts = [_EHDR.pack(ident, 4, 62, 1, 0, first, 64, 0, 8, 56, known, 64, 2, 1)]
        parts.append(bytes(44) + struct.pack("<I", count) + bytes(2 * _SHDR - 48))
        at = first + count * _PHDR.size
        parts.append(_PHDR.pack(4, 0, at, 0, 0, len(notes), len(notes), 0))
        base = self.data_offset
        for load in self.loads:
            virtual = load.physical if load.virtual is None else load.virtual
            place = base + load.offset, virtual, load.physical
            parts.append(_PHDR.pack(1, 0, *place, load.size, load.size, 0))
        return b"".join([*parts, notes])

    def build(self) -> bytes:
        return self.headers() + self.data


def note(name: bytes, kind: int, data: bytes) -> bytes:
    return struct.pack("<III8s", len(name) + 1, len(data), kind, name) + data


def thread(number: int, registers: dict[str, int]) -> bytes:
    """NT_PRSTATUS of a vCPU."""
    values = [registers.get(name, 0) for name in _PRSTATUS_NAMES]
    return note(b"CORE", 1, _PRSTATUS.pack(number + 1, *values))


def state(registers: dict[str, int]) -> bytes:
    """QEMU's own note of a vCPU."""
    data = struct.pack("<II", 1, 440)
    data += struct.pack("<18Q", *(registers.get(name, 0) for name in _QEMU_NAMES))
    for name in _SEGMENTS:
        base = registers.get(f"{name}_base", 0)
        data += struct.pack("<IIIIQ", registers.get(name, 0), 0, 0, 0, base)
    data += struct.pack("<6Q", *(registers.get(f"cr{n}", 0) for n in range(5)), 0)
    return note(b"QEMU", 0, data)
