# SPDX-License-Identifier: BSD-3-Clause
"""Reads a guest at rest in GDB: a dump that GDB has open, or a stub's stopped guest.

A dump's memory is read from its file by a reader of our own. GDB's would answer an address of a
kernel's in a plain dump, which has physical ones only, with the image's own data, and not say so.
"""

import re
from dataclasses import dataclass, field
from typing import Iterator

import gdb

from acrn_trace.at_rest.corefile import open_core
from acrn_trace.base.errors import TargetError, TraceError
from acrn_trace.guest.abi import GENERAL_REGISTERS, MASK64
from acrn_trace.guest.snapshot import STUB, Snapshot, SnapshotVcpu
from acrn_trace.in_gdb import stub
from acrn_trace.in_gdb.image import is_dump
from acrn_trace.in_gdb.machine_memory import MachineMemory
from acrn_trace.in_gdb.saved_memory import saved_parts

READ_REGISTERS = (
    *(*GENERAL_REGISTERS, "rip", "eflags", "cs", "ss", "fs_base", "gs_base"),
    *("cr0", "cr2", "cr3", "cr4"),
)
MAX_VCPUS = 4096

# info files: "Local core dump file:", then "`PATH', file type …"
_CORE = re.compile(r"core dump file:\s*\n\s*[`'‘\"](.*)['’\"], file type", re.MULTILINE)
_IDT = re.compile(r"^CPU#(\d+)\b.*?^IDT= *([0-9a-f]+)", re.DOTALL | re.MULTILINE)


def current_snapshot() -> Snapshot:
    """What GDB looks at; TraceError if it is neither a dump nor QEMU's stub."""
    connection = gdb.selected_inferior().connection
    if is_dump():
        return open_core(core_path())
    if isinstance(connection, gdb.RemoteTargetConnection):
        return _stub_snapshot()
    raise TraceError(
        "there is no guest: connect to QEMU's stub ('target remote …') or load a dump "
        "('core-file DUMP')"
    )


def core_path() -> str:
    """The file of the dump that GDB has open."""
    found = _CORE.search(gdb.execute("info files", to_string=True))
    if found is None:
        raise TraceError("GDB does not say which file its dump is; use 'acrn-trace --core DUMP'")
    return found[1]


@dataclass
class StubSnapshot:
    """A live guest that is stopped."""

    vcpus: list[SnapshotVcpu]
    physical: "StubMemory"
    notes: list[str] = field(default_factory=list)
    kind: str = STUB
    vmcoreinfo: dict[str, int] = field(default_factory=dict)


def _stub_snapshot() -> StubSnapshot:
    notes: list[str] = []
    threads = sorted(gdb.selected_inferior().threads(), key=lambda thread: thread.ptid[1])
    if any(thread.is_running() for thread in threads):
        raise TraceError("the guest is running; stop it first (Ctrl-C, or 'interrupt')")
    selected, frame = gdb.selected_thread(), gdb.selected_frame()
    try:
        vcpus = [_vcpu(thread) for thread in threads[:MAX_VCPUS]]
    finally:
        if selected and selected.is_valid():
            selected.switch()
            frame.select()
    _add_idt(vcpus)
    return StubSnapshot(vcpus, StubMemory(notes), notes)


def _vcpu(thread: gdb.InferiorThread) -> SnapshotVcpu:
    """QEMU numbers its threads from 1, vCPUs from 0."""
    thread.switch()
    frame, registers = gdb.newest_frame(), {}
    for name in READ_REGISTERS:
        try:
            registers[name] = int(frame.read_register(name)) & MASK64
        except (ValueError, gdb.error):
            continue  # not in the stub's target description
    return SnapshotVcpu(thread.ptid[1] - 1, registers)


def _add_idt(vcpus: list[SnapshotVcpu]) -> None:
    """QEMU's monitor knows where the interrupt tables are, its stub does not."""
    try:
        state = stub.ask_monitor("info registers -a")
    except TargetError:
        return
    bases = {int(number): int(base, 16) for number, base in _IDT.findall(state)}
    for vcpu in vcpus:
        if vcpu.vcpu in bases:
            vcpu.registers["idt_base"] = bases[vcpu.vcpu]


class StubMemory(MachineMemory):
    """The machine's memory through the stub; searched in files that QEMU writes."""

    def __init__(self, notes: list[str]) -> None:
        super().__init__()
        self._notes = notes

    def find(self, pattern: bytes, alignment: int) -> Iterator[int]:
        try:
            for part in saved_parts(self.ram_ranges()):
                yield from part.find(pattern, alignment)
        except TargetError:
            self._notes.append(
                "The guest's memory cannot be searched: QEMU cannot write files here."
            )
