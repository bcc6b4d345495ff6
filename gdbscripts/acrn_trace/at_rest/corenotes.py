# SPDX-License-Identifier: BSD-3-Clause
"""Reads the notes of a dump of QEMU's: the vCPUs' registers.

QEMU writes NT_PRSTATUS for each vCPU, then a note of its own for each, in the same order (QEMU's
target/i386/arch_dump.c: struct QEMUCPUState). Both have the general registers, so either alone
will do; the control registers are in QEMU's own.
"""

import struct
from typing import Iterator, NamedTuple

from acrn_trace.guest.snapshot import SnapshotVcpu

NT_PRSTATUS, NT_QEMU = 1, 0
MAX_NOTES = 1 << 16
MAX_VCPUS = 4096

_NOTE = struct.Struct("<III")
_PRSTATUS = struct.Struct("<32xI76x27Q8x")
# Of Linux's struct pt_regs before what an exception pushes, in its order (asm/ptrace.h).
SAVED_REGISTERS = (
    *("r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx"),
    *("rsi", "rdi"),
)
_PRSTATUS_NAMES = (
    *SAVED_REGISTERS,
    *("orig_rax", "rip", "cs", "eflags", "rsp", "ss", "fs_base", "gs_base"),
    *("ds", "es", "fs", "gs"),
)
_QEMU_GENERAL = (
    *("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rsp", "rbp"),
    *("r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip", "eflags"),
)
_QEMU_SEGMENTS = ("cs", "ds", "es", "fs", "gs", "ss", "ldt", "tr", "gdt", "idt")
_QEMU = struct.Struct("<II18Q" + "IIIIQ" * len(_QEMU_SEGMENTS) + "5Q")  # and kernel_gs_base, later
_QEMU_VERSION = 1
_LEFT_OUT = frozenset(("orig_rax", "cr1"))
_TOLD_APART_BY = ("rip", "rsp", "rax", "rbx", "rcx", "rdx")


class Note(NamedTuple):
    """One note of the dump."""

    name: bytes
    type: int
    data: bytes


def notes_in(data: bytes) -> Iterator[Note]:
    """The notes in a PT_NOTE segment, as far as they are whole."""
    offset = 0
    for _ in range(MAX_NOTES):
        if offset + _NOTE.size > len(data):
            return
        name_size, size, kind = _NOTE.unpack_from(data, offset)
        name = offset + _NOTE.size
        content = name + (name_size + 3 & ~3)
        if content + size > len(data):
            return
        yield Note(
            data[name : name + name_size].rstrip(b"\0"), kind, data[content : content + size]
        )
        offset = content + (size + 3 & ~3)


def read_vcpus(data: bytes, complaints: list[str]) -> list[SnapshotVcpu]:
    """The vCPUs in a PT_NOTE segment, by number; adds what is wrong to ``complaints``."""
    threads: list[SnapshotVcpu] = []
    states: list[dict[str, int]] = []
    unknown = 0
    for note in notes_in(data):
        if len(threads) + len(states) >= 2 * MAX_VCPUS:
            complaints.append(f"The dump names more than {MAX_VCPUS} vCPUs; the rest is left out.")
            break
        if note.name == b"CORE" and note.type == NT_PRSTATUS and len(note.data) == _PRSTATUS.size:
            threads.append(_thread(note.data))
        elif note.name == b"QEMU" and note.type == NT_QEMU:
            state = _state(note.data)
            states += [state] if state else []
            unknown += not state
    if unknown:
        complaints.append(
            f"{_count(unknown, 'note')} of QEMU's own cannot be read: other version, or damaged."
        )
    return _matched(threads, states, complaints)


def _thread(data: bytes) -> SnapshotVcpu:
    number, *values = _PRSTATUS.unpack(data)
    named = dict(zip(_PRSTATUS_NAMES, values))
    return SnapshotVcpu(number - 1, {k: v for k, v in named.items() if k not in _LEFT_OUT})


def _state(data: bytes) -> dict[str, int] | None:
    """The registers in a note of QEMU's own; None if it is of no kind that is known."""
    if len(data) < _QEMU.size:
        return None
    version, size, *values = _QEMU.unpack_from(data)
    if version != _QEMU_VERSION or size < _QEMU.size:
        return None
    general = len(_QEMU_GENERAL)
    state = dict(zip(_QEMU_GENERAL, values))
    for index, name in enumerate(_QEMU_SEGMENTS):
        selector, _, _, _, base = values[general + 5 * index : general + 5 * index + 5]
        state[name], state[f"{name}_base"] = selector, base
    state.update((f"cr{n}", value) for n, value in enumerate(values[-5:]) if n != 1)
    return state


def _matched(
    threads: list[SnapshotVcpu], states: list[dict[str, int]], complaints: list[str]
) -> list[SnapshotVcpu]:
    """Each vCPU with both its notes: by order, where the registers do not say otherwise."""
    if not threads:
        return _without_threads(states, complaints)
    _number(threads, complaints)
    spare = dict(enumerate(states))
    for index, thread in enumerate(threads):
        choice = next((n for n in (index, *spare) if n in spare and _same(thread, spare[n])), None)
        if choice is not None:
            thread.registers.update(spare.pop(choice))
    without = [thread.vcpu for thread in threads if "cr3" not in thread.registers]
    if without:
        complaints.append(
            f"The dump has no note of QEMU's own for vCPU {_numbers(without)}, so the page tables "
            "in use are not known there."
        )
    if spare:
        complaints.append(
            f"{_count(len(spare), 'note')} of QEMU's own fit no vCPU's registers and are not used."
        )
    return sorted(threads, key=lambda thread: thread.vcpu)


def _without_threads(states: list[dict[str, int]], complaints: list[str]) -> list[SnapshotVcpu]:
    if states:
        complaints.append(
            "The dump has no NT_PRSTATUS notes: vCPUs are numbered as QEMU's own notes come."
        )
    else:
        complaints.append("The dump has no note with a vCPU's registers.")
    return [SnapshotVcpu(number, state) for number, state in enumerate(states)]


def _number(threads: list[SnapshotVcpu], complaints: list[str]) -> None:
    """By order, where the dump's own numbers cannot be right."""
    numbers = [thread.vcpu for thread in threads]
    if len(set(numbers)) < len(numbers) or not all(0 <= n < MAX_VCPUS for n in numbers):
        complaints.append("The dump's numbers of its vCPUs cannot be right: numbered as they come.")
        for number, thread in enumerate(threads):
            thread.vcpu = number


def _same(thread: SnapshotVcpu, state: dict[str, int]) -> bool:
    return all(thread.registers[name] == state[name] for name in _TOLD_APART_BY)


def _numbers(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers[:8])) + (" …" if len(numbers) > 8 else "")


def _count(count: int, what: str) -> str:
    return f"{count} {what}" + ("s" if count != 1 else "")
