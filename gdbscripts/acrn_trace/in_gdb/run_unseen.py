# SPDX-License-Identifier: BSD-3-Clause
"""Runs one vCPU by packets of our own: GDB takes no notice, nor does a front end.

GDB's ``continue`` within a command makes GDB/MI say that the command runs on, or nothing at all,
and never that it is done. And where GDB saw no run, the stop before it is still the latest.
"""

import enum
import signal

import gdb

from acrn_trace.base.errors import TargetError
from acrn_trace.in_gdb.stub import StubVcpu, breakpoint_kind, stub_descriptor
from acrn_trace.in_gdb.stub_packets import StubPackets, run_vcpu


class Outcome(enum.Enum):
    """What became of a run."""

    IMPOSSIBLE = enum.auto()  # nothing ran
    STOPPED = enum.auto()
    INTERRUPTED = enum.auto()  # by the user


def run_unseen(addresses: set[int]) -> Outcome:
    """Let the selected thread alone run until it comes to one of ``addresses``, or is interrupted.

    One where it is now counts when it comes there again.

    SIGINT is blocked. TargetError if the guest is gone. It runs a command of GDB's, and so is not
    for what GDB calls back.
    """
    descriptor = stub_descriptor()
    if descriptor is None:
        return Outcome.IMPOSSIBLE
    try:
        return _run_to(addresses, _Run(descriptor))
    except gdb.error as error:
        raise gone(error) from error


def gone(error: gdb.error) -> TargetError:
    """What a failure of GDB's means while the guest runs."""
    lost = gdb.selected_thread() is None
    return TargetError("the guest is gone" if lost else str(error).rstrip("."))


def _run_to(addresses: set[int], run: "_Run") -> Outcome:
    try:
        if run.rip() in addresses:
            outcome = run.resume("s")
            if outcome is not Outcome.STOPPED or run.rip() in addresses:
                return outcome
        return _run_into(addresses, run)
    finally:
        for cache in ("register-cache", "dcache"):
            gdb.execute(f"maint flush {cache}", to_string=True)


def _run_into(addresses: set[int], run: "_Run") -> Outcome:
    kind, vcpu, planted = breakpoint_kind(), run.vcpu(), []
    try:
        for address in addresses:
            if not vcpu.insert(kind, address):
                return Outcome.IMPOSSIBLE
            planted.append(address)
        return run.resume("c")
    finally:
        for address in planted:
            vcpu.remove(kind, address)


class _Run:
    """Of the selected thread, from a packet that resumes it to the one that tells of its stop."""

    def __init__(self, descriptor: int) -> None:
        self._thread = gdb.selected_thread()
        self._packets = StubPackets(descriptor, look=self._hear_user)
        self._interrupted = False

    def vcpu(self) -> StubVcpu:
        return StubVcpu(self._thread)

    def rip(self) -> int:
        return self.vcpu().read("rip")

    def resume(self, how: str) -> Outcome:
        """``how`` is a letter of vCont's: ``c``, or ``s`` for one instruction."""
        if not run_vcpu(self._packets, how, self.vcpu().name):
            return Outcome.IMPOSSIBLE
        return Outcome.INTERRUPTED if self._interrupted else Outcome.STOPPED

    def _hear_user(self) -> None:
        if not self._interrupted and signal.sigtimedwait({signal.SIGINT}, 0):
            self._interrupted = True
            self._packets.interrupt()
