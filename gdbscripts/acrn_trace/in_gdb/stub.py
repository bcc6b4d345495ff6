# SPDX-License-Identifier: BSD-3-Clause
"""Builds and parses every packet of ours to QEMU's stub, sent through GDB's connection with it.

GDB knows nothing of these packets, nor of what they change. It learns that the stub is gone by its
next packet. One that Python sends in ``gdb.events.cont`` must not be that packet: GDB lets go of
the vCPUs there and then, and goes on with the vCPU that it was about to resume, which crashes it
(seen with 13). ``stub_hung_up`` tells before.
"""

import contextlib
import functools
import os
import signal
from typing import Iterator, Mapping

import gdb

from acrn_trace.base.errors import TargetError, TraceError
from acrn_trace.guest.abi import GENERAL_REGISTERS, MASK64
from acrn_trace.guest.memory import Unreadable
from acrn_trace.guest.ram_map import RamMap
from acrn_trace.in_gdb.stub_packets import StubPackets, leads_to, monitor_output

OWN_FILES = "/proc/self/fd"

# QEMU's gdb-xml/i386-64bit.xml
NUMBERS = {name: number for number, name in enumerate((*GENERAL_REGISTERS, "rip", "eflags"))}
SIZES = {"eflags": 4}  # bytes; of the others 8

# The stub's kinds of breakpoints, in packets Z and z.
KINDS = {gdb.BP_BREAKPOINT: 0, gdb.BP_HARDWARE_BREAKPOINT: 1}
OK = b"OK"


def stub_descriptor() -> int | None:
    """GDB's descriptor of its connection; None where nobody can tell which it is."""
    connection = gdb.selected_inferior().connection
    if connection is None or not os.path.isdir(OWN_FILES):
        return None
    place = connection.details or ""
    own = sorted(map(int, os.listdir(OWN_FILES)))
    return next((number for number in own if leads_to(number, place)), None)


def ask_monitor(command: str) -> str:
    """What QEMU's monitor prints; TargetError, a sentence, where it cannot be asked.

    On GDB's own descriptor. GDB's ``monitor`` is a command, which nothing that GDB calls back may
    run, and in MI newer versions of GDB give its answer in MI's form. Packets by GDB's Python get
    the first line alone.
    """
    connection = gdb.selected_inferior().connection
    if not isinstance(connection, gdb.RemoteTargetConnection):
        raise TargetError(f"QEMU's monitor cannot be asked for '{command}': no stub is connected")
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # half an answer would stay
    try:
        # GDB refuses this one while the guest runs, and is done with all that came before.
        connection.send_packet(b"qAttached")
        return monitor_output(StubPackets(_descriptor(connection)), command)
    except (TargetError, gdb.error) as error:
        why = str(error).rstrip(".")
        raise TargetError(f"QEMU's monitor did not answer '{command}': {why}") from None
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _descriptor(connection: gdb.RemoteTargetConnection) -> int:
    descriptor = stub_descriptor()
    if descriptor is None:
        raise TargetError(f"GDB's connection {connection.details} is no socket")
    return descriptor


def runs_under_tcg() -> bool:
    """Whether QEMU emulates the guest's processor."""
    try:
        return "disabled" in ask_monitor("info kvm")
    except TargetError:
        return False


def breakpoint_kind() -> int:
    """Hardware breakpoints under QEMU's TCG, which has any number of them; else software ones.

    Where a software breakpoint is inserted at A, GDB takes every stop at A + 1 for a stop at A that
    the processor reports one byte late, as x86's INT3 does, and sets RIP back: the guest would run
    the instruction at A again. QEMU's stub reports all stops in place and does not say so
    (swbreak). GDB leaves RIP alone for hardware breakpoints.
    """
    connection = gdb.selected_inferior().connection
    return gdb.BP_BREAKPOINT if connection is None else _kind_at(connection)


@functools.lru_cache(maxsize=1)
def _kind_at(_connection: gdb.TargetConnection) -> int:
    return gdb.BP_HARDWARE_BREAKPOINT if runs_under_tcg() else gdb.BP_BREAKPOINT


class PhysicalMemory:
    """Reads and writes guest-physical memory while the stub is in its physical mode."""

    MAX_CHUNK = 1024  # bytes a packet; QEMU's buffer is 4096 characters

    def __init__(self, connection: gdb.RemoteTargetConnection) -> None:
        self._connection = connection

    def read(self, address: int, size: int) -> bytes:
        return b"".join(
            self._chunk(at, min(self.MAX_CHUNK, address + size - at))
            for at in range(address, address + size, self.MAX_CHUNK)
        )

    def _chunk(self, address: int, size: int) -> bytes:
        reply = self._connection.send_packet(f"m{address:x},{size:x}".encode())
        try:
            data = bytes.fromhex((reply or b"").decode())
        except ValueError:
            data = b""
        if len(data) != size:
            raise Unreadable("the stub could not read it")
        return data

    def write(self, address: int, data: bytes) -> bool:
        """Whether the stub has written all of it."""
        for at in range(0, len(data), self.MAX_CHUNK):
            chunk = data[at : at + self.MAX_CHUNK]
            packet = f"M{address + at:x},{len(chunk):x}:{chunk.hex()}".encode()
            if self._connection.send_packet(packet) != OK:
                return False
        return True


@contextlib.contextmanager
def physical_mode() -> Iterator[PhysicalMemory]:
    """Have the stub take guest-physical addresses meanwhile; Unreadable where it cannot."""
    connection = gdb.selected_inferior().connection
    if not isinstance(connection, gdb.RemoteTargetConnection):
        raise Unreadable("GDB is attached to no stub")
    if connection.send_packet(b"Qqemu.PhyMemMode:1") != OK:
        raise Unreadable("the stub cannot reach physical memory")
    try:
        yield PhysicalMemory(connection)
    finally:
        connection.send_packet(b"Qqemu.PhyMemMode:0")


class StubPhysicalMemory:
    """The machine's physical memory through QEMU's stub, whatever the paging does.

    Packets of our own, since GDB's memory commands go through a cache of virtual memory. The mode
    holds for the stub as a whole, so it is switched back at once.
    """

    cache_is_stale = False  # GDB's: it may have memory as it was before one of these wrote

    def __init__(self) -> None:
        self._map: RamMap | None = None

    def read(self, address: int, size: int) -> bytes:
        self._ram().check(address, size)
        with physical_mode() as memory:
            return memory.read(address, size)

    def write(self, address: int, data: bytes) -> None:
        """Unreadable where there is no memory, and then nothing is written."""
        self._ram().check(address, len(data))
        with physical_mode() as memory:
            StubPhysicalMemory.cache_is_stale = True
            if not memory.write(address, data):
                raise Unreadable("the stub could not write it")

    def ram_ranges(self) -> list[tuple[int, int]]:
        """First and last address of each range of RAM or ROM."""
        return self._ram().ranges

    def _ram(self) -> RamMap:
        if self._map is None:
            self._map = _ram_map()
        return self._map


def flush_caches() -> None:
    """Have GDB read memory anew where we wrote. Runs a command: not for what GDB calls back.

    When the guest goes on GDB forgets what it has read; where it stays stopped, this is needed.
    """
    if StubPhysicalMemory.cache_is_stale:
        StubPhysicalMemory.cache_is_stale = False
        gdb.execute("maint flush dcache", to_string=True)


def _ram_map() -> RamMap:
    """Unreadable where the stub is none of QEMU's; TargetError where QEMU does not tell its map."""
    with physical_mode():
        pass
    known = RamMap.parse(ask_monitor("info mtree -f"))
    if not known.ranges:
        raise TargetError("QEMU's monitor tells of no memory in 'info mtree -f'")
    return known


class StubVcpu:
    """One vCPU as the stub has it: registers, breakpoints, single steps.

    Where GDB is about to let the guest go, its own registers and frames are not to be touched: it
    crashes. These packets reach the stub, and GDB reads all anew at the next stop.
    """

    def __init__(self, thread: gdb.InferiorThread) -> None:
        """The stub's registers are this vCPU's from now on; TraceError if it does not know it."""
        self._connection = thread.inferior.connection
        self.number, self.name = thread.ptid[1] - 1, _name(thread)
        if self._ask(f"Hg{self.name}") != OK:
            raise TraceError(f"the stub does not know vCPU {self.number}")

    def _ask(self, packet: str) -> bytes:
        return self._connection.send_packet(packet.encode()) or b""

    def read(self, name: str) -> int:
        try:
            data = bytes.fromhex(self._ask(f"p{NUMBERS[name]:x}").decode())
        except ValueError:
            raise TraceError(f"the stub cannot read {name}") from None
        return int.from_bytes(data, "little")

    def write(self, registers: Mapping[str, int]) -> None:
        for name, value in registers.items():
            data = (value & MASK64).to_bytes(8, "little")[: SIZES.get(name)]
            if self._ask(f"P{NUMBERS[name]:x}={data.hex()}") != OK:
                raise TraceError(f"the stub cannot write {name}")

    def insert(self, kind: int, address: int) -> bool:
        """A breakpoint that GDB does not know: whether the stub has one left."""
        return self._ask(f"Z{KINDS[kind]},{address:x},1") == OK

    def remove(self, kind: int, address: int) -> None:
        self._ask(f"z{KINDS[kind]},{address:x},1")

    def is_halted(self) -> bool:
        """Whether it waits for an interrupt (HLT)."""
        return b"halted".hex().encode() in self._ask(f"qThreadExtraInfo,{self.name}")

    def step_mode(self) -> str | None:
        """What a single step masks, in hexadecimal digits; None if the stub is none of QEMU's."""
        mode = self._ask("qqemu.sstep").decode("ascii", "replace")
        return mode.removeprefix("0x") if mode.startswith("0x") else None

    def step_onto_breakpoint(self, mode: str) -> None:
        """Resume it, left in a single step, at a breakpoint; ``mode`` is the ``step_mode``."""
        self._ask("Qqemu.sstep=0")
        self._ask(f"vCont;s:{self.name}")
        self._ask(f"Qqemu.sstep={mode}")


def report_interrupts(thread: gdb.InferiorThread) -> None:
    """Have the stub report an interrupt as a stop of this vCPU."""
    connection = thread.inferior.connection
    if isinstance(connection, gdb.RemoteTargetConnection):
        connection.send_packet(f"Hc{_name(thread)}".encode())


def _name(thread: gdb.InferiorThread) -> str:
    """The stub's name of a vCPU."""
    process, number, _ = thread.ptid
    return f"p{process:x}.{number:x}"
