# SPDX-License-Identifier: BSD-3-Clause
"""Keeps a stop of the guest while a call is made by hand, and puts it back afterwards."""

import re
import signal
from typing import Iterable, Mapping

import gdb

from acrn_trace.base.errors import TargetError
from acrn_trace.guest.abi import GENERAL_REGISTERS, MASK64
from acrn_trace.in_gdb.front_end import reads_mi
from acrn_trace.in_gdb.guest_memory import has_code
from acrn_trace.in_gdb.points import ReachedPoint
from acrn_trace.in_gdb.registers import assign, read_register, write_register
from acrn_trace.in_gdb.run_unseen import gone
from acrn_trace.in_gdb.stub import report_interrupts
from acrn_trace.in_gdb.user_breakpoints import addresses_of

WRITTEN = (*GENERAL_REGISTERS, "rip", "eflags")
LOCKING = "scheduler-locking"
_BREAKPOINT = re.compile(r"^(\d+)(?:\.\d+)?\s")
_ENABLED = re.compile(r"^\d+ +(\w.*?) +(?:keep|del|dis|dstp) +y ", re.MULTILINE)
_HEX = re.compile(r"0x[0-9a-f]+")
_HALVES = re.compile(r"v2_int64 = \{(0x[0-9a-f]+), (0x[0-9a-f]+)\}")
RFLAGS_TF, RFLAGS_IF = 1 << 8, 1 << 9
_ADDRESS = re.compile(r"\b0x[0-9a-f]{8,16}\b")


def boot_at(address: int, code: bytes) -> ReachedPoint:
    """A breakpoint where the guest begins at each boot, with its first ``code`` there."""
    return ReachedPoint(address, lambda: has_code(address, (code,)))


class KeptStop:
    """Registers, selected thread and frame, and the setting that a call changes."""

    def __init__(self) -> None:
        self._thread = gdb.selected_thread()
        self._level = gdb.selected_frame().level()
        self._locking = gdb.parameter(LOCKING)
        self._held = False
        gdb.newest_frame().select()
        self.registers = {name: read_register(name) for name in WRITTEN}
        self.cr3 = read_register("cr3")
        self._others = _other_registers()

    def point_at(self, address: int) -> ReachedPoint:
        """A breakpoint that stops what runs here, and none that runs the same code beside it.

        A hypervisor may move it to another vCPU, and break its RSP, but hardly both.
        """
        return ReachedPoint(address, self._runs_on_selected)

    def _runs_on_selected(self) -> bool:
        if read_register("cr3") != self.cr3:
            return False
        moved = gdb.selected_thread().ptid != self._thread.ptid
        return not moved or read_register("rsp") == self.registers["rsp"]

    def follow(self) -> None:
        """It is on the selected vCPU now."""
        self._thread = gdb.selected_thread()

    def hold_other_vcpus(self) -> None:
        """Only this thread runs from now on.

        QEMU reports an interrupt for the thread of the stop before, or of an Hc packet: were that
        one that does not run, GDB 13 would have an internal error.
        """
        self._held = True
        gdb.execute(f"set {LOCKING} on", to_string=True)
        report_interrupts(self._thread)

    def release_other_vcpus(self) -> None:
        if self._held:
            self._held = False
            gdb.execute(f"set {LOCKING} {self._locking}", to_string=True)

    def put_back_others(self) -> dict[str, tuple[str, str]]:
        """Put back what is not a general register: those that had changed, old and new value."""
        now = _other_registers()
        changed = {n: (old, now[n]) for n, old in self._others.items() if old != now[n]}
        for name, (old, _) in changed.items():
            _write_other(name, old)
        return changed

    def put_back(self, interrupts: bool = True) -> None:
        """The general registers, RIP and RFLAGS; still without ``interrupts`` if that is false."""
        self._thread.switch()
        gdb.newest_frame().select()
        flags = self.registers["eflags"] & ~(0 if interrupts else RFLAGS_IF | RFLAGS_TF)
        write_registers({**self.registers, "eflags": flags})

    def select(self) -> None:
        """The thread and the frame that were selected."""
        self._thread.switch()
        frame = gdb.newest_frame()
        for _ in range(self._level):
            frame = frame.older() or frame
        frame.select()


def _other_registers() -> dict[str, str]:
    """Segment, control, x87 and SSE registers, as GDB writes them."""
    frame = gdb.newest_frame()
    known = {}
    for register in frame.architecture().registers("all"):
        if register.name not in WRITTEN:
            known[register.name] = frame.read_register(register.name).format_string(format="x")
    return known


def _write_other(name: str, text: str) -> None:
    """Write a register that was read as ``text``: a number, or the two halves of an XMM one."""
    if _HEX.fullmatch(text):
        assign(f"${name}", int(text, 16))
    halves = _HALVES.search(text)
    for index, half in enumerate(halves.groups() if halves else ()):
        assign(f"${name}.v2_int64[{index}]", int(half, 16))


def write_registers(values: Mapping[str, int]) -> None:
    """Write those that are not so already: a register that is left alone cannot go wrong."""
    for name, value in values.items():
        if read_register(name) != value & MASK64:
            write_register(name, value)


def run_on() -> bool:
    """Run the guest to its next stop: whether the user interrupted. TargetError once it is gone."""
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        gdb.execute("continue", to_string=not reads_mi())  # GDB 18 puts MI's records in the string
    except KeyboardInterrupt:
        return True
    except gdb.error as error:
        raise gone(error) from error
    finally:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    if gdb.selected_thread() is None:
        raise TargetError("the guest is gone")
    return False


def breakpoints_of_others(ours: Iterable[gdb.Breakpoint]) -> set[int] | None:
    """Where a vCPU stops at any breakpoint but ``ours``; None if GDB has something else to watch.

    GDB tells Python nothing of some of its kinds: dprintf, tracepoints.
    """
    kinds = _ENABLED.findall(gdb.execute("info breakpoints", to_string=True))
    others = set(gdb.breakpoints()) - set(ours)
    places = {place for one in others if one.enabled for place in addresses_of(one)}
    return places if set(kinds) <= {"breakpoint", "hw breakpoint"} else None


def breakpoints_at(addresses: Iterable[int]) -> list[gdb.Breakpoint]:
    """The user's enabled breakpoints at one of ``addresses``."""
    wanted, found, number = set(addresses), set(), 0
    for line in gdb.execute("info breakpoints", to_string=True).splitlines():
        match = _BREAKPOINT.match(line)
        number = int(match[1]) if match else number
        if wanted & {int(text, 16) for text in _ADDRESS.findall(line)}:
            found.add(number)
    return [one for one in gdb.breakpoints() if one.number in found and one.enabled]
