# SPDX-License-Identifier: BSD-3-Clause
"""Changes the guest where it stops at a breakpoint of ours, and lets it go on from there.

A change is made in the breakpoint's own ``stop`` method, which then answers False, so that whatever
GDB was about (``continue``, ``next``, ``finish``, a script of the user's) goes on undisturbed. GDB
advises against changes there; those that do harm are of breakpoints, of the selected frame and of
how the guest resumes, and none is made. Registers are written by GDB itself, whose caches follow.

GDB believes the vCPU where it stopped. So a point of ours at the place where it then goes on counts
as hit too, and for one of the user's GDB makes a stop of its own that nobody sees (``_follow``).

Where the user is shown the stop, nothing is changed before he goes on. GDB asks the breakpoints at
a place in the order in which they were made, so that behind the user's own one knows whether they
stop the guest (``UserBreakpoints.stops``). Of one that was made later that is known once GDB has
stopped, which nobody sees if it was not for the user; then our point is made the last of them.
"""

import signal
import time
from typing import Callable, Mapping

import gdb

from acrn_trace.act.skipped_vmcall import Passage
from acrn_trace.base.errors import TraceError
from acrn_trace.base.text import printable
from acrn_trace.guest.abi import MASK64
from acrn_trace.guest.memory import Unreadable
from acrn_trace.in_gdb import events
from acrn_trace.in_gdb.front_end import reads_mi
from acrn_trace.in_gdb.stepped_vcpu import SteppedVcpus
from acrn_trace.in_gdb.stream import GdbStream
from acrn_trace.in_gdb.stub import StubVcpu
from acrn_trace.in_gdb.target import (
    GuestPhysicalMemory,
    breakpoint_kind,
    flush_caches,
    interrupts_put_off,
    uninterrupted,
    write_register,
)
from acrn_trace.in_gdb.user_breakpoints import UserBreakpoints

MAX_FOLLOWED = 64  # changes of RIP from one point of ours straight to another
TICK = 0.05  # seconds between looks for an interrupt while the guest is held

# What GDB runs, as the commands of a breakpoint of ours, once it has stopped there; in the middle
# those that the user gave to catchpoints.
# 'continue' is GDB's own: from Python each would be inside the one before.
COMMANDS = """python import acrn_trace.in_gdb.drive; acrn_trace.in_gdb.drive.stopped()
{}
if $_hypercall_goes_on
  continue
end"""


def _commands(users: str) -> str:
    """``silent`` before them silences GDB, whatever the point says."""
    return ("" if reads_mi() else "silent\n") + COMMANDS.format(users)


class Drive:
    """What is to be known from one stop of the guest to the next."""

    def __init__(self) -> None:
        self.points: dict[int, list["HypercallPoint"]] = {}
        self.held = False  # the guest runs for a call made by hand, which is no business of theirs
        self.moved = False  # RIP was changed at this stop
        self.resumes = False  # the guest goes on from the stop that GDB is making
        self.at_stop: list[Callable[[], None]] = []  # once GDB has made it
        self.after_stop: list[Callable[[], None]] = []  # in the commands of the point that made it
        self.reasons: list[str] = []  # why the guest is being stopped for the user
        self.shown: list[str] = []  # the reasons of the latest stop
        self.owes_frame = False  # the place of it is not shown yet, which we have to do
        self.going_on: gdb.InferiorThread | None = None  # the vCPU that GDB is about to let go
        self.passage: Passage | None = None  # of a call that may be answered when the guest goes on
        self.users = UserBreakpoints(self.free_stepped)
        self.stepped = SteppedVcpus()
        self.commands = _commands("")

    def set_commands(self, users: str) -> None:
        """Have GDB run ``users`` too where it stops at a point of ours."""
        text = _commands(users)
        if text != self.commands:
            self.commands = text
            for points in self.points.values():
                for point in points:
                    point.set_commands(text)

    def is_shown(self, address: int) -> bool:
        """Whether the user may be shown the stop being made there, for breakpoints of his own."""
        if self.held:
            return False
        youngest = self.users.youngest_at(address)
        if not self.users.stops and any(one.born < youngest for one in self.points[address]):
            self.resumes = True
        return self.users.stops or self.resumes

    def come_last(self) -> None:
        """Have GDB ask our points after the user's breakpoints, where it asked some before."""
        for address, youngest in self.users.places().items():
            for point in self.points.get(address, ()):
                if point.born < youngest:
                    point.plant_anew()

    @property
    def hides_stop(self) -> bool:
        """Whether GDB is to say nothing of the stop that it makes at a point of ours.

        A person is told by ``show_reasons``, unless the commands of what stopped the guest are
        silent. A front end is told by GDB, as of a breakpoint.
        """
        silenced = bool(self.reasons) and not any(self.reasons)
        return self.resumes or silenced or not reads_mi()

    def free_stepped(self) -> None:
        """At every stop that we are told of before GDB has made it."""
        if not self.held:
            self.stepped.free_at(self.points)

    def close_passage(self) -> None:
        passage, self.passage = self.passage, None
        try:
            if passage:
                passage.close()
        except TraceError as error:
            gdb.write(f"acrn-trace: {error}.\n", gdb.STDERR)


class GuestHands:
    """Changes the vCPU that is selected, and guest-physical memory."""

    def __init__(self) -> None:
        self._memory = GuestPhysicalMemory()

    def is_shown(self, address: int) -> bool:
        return DRIVE.is_shown(address)

    def set_registers(self, registers: Mapping[str, int]) -> None:
        if DRIVE.going_on:
            StubVcpu(DRIVE.going_on).write(registers)
            return
        for name, value in registers.items():
            write_register(name, value)
        DRIVE.moved = DRIVE.moved or "rip" in registers

    def stand_at(self, address: int) -> None:
        cr3, cr4 = (int(gdb.newest_frame().read_register(name)) for name in ("cr3", "cr4"))
        DRIVE.passage = Passage(self._memory, cr3 & MASK64, cr4 & MASK64, address)

    def pass_over(self) -> None:
        assert DRIVE.passage
        DRIVE.passage.open()

    def write(self, address: int, data: bytes) -> None:
        try:
            self._memory.write(address, data)
        except Unreadable as why:
            raise TraceError(f"cannot write {len(data)} bytes at {address:#x}: {why}") from None

    def hold(self, seconds: float) -> None:
        """Wait, the guest standing still; an interrupt, which is blocked now, ends it."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and signal.SIGINT not in signal.sigpending():
            time.sleep(min(left, TICK))


class HypercallPoint:
    """A place of ours: invisible, and it stops the guest only if ``on_hit`` says so.

    Where another point at the address has moved the vCPU away, ``on_hit`` is to see that by RIP.
    """

    of_hand_calls = False  # whether a call made by hand is its business, too

    def __init__(self, address: int, on_hit: Callable[[], bool]) -> None:
        self.address = address
        self.on_hit = on_hit
        self._kind = breakpoint_kind()
        self._plant()
        DRIVE.points.setdefault(address, []).append(self)

    def _plant(self) -> None:
        self.born = DRIVE.users.latest
        self.planted = _Planted(self, self._kind)
        self.set_commands(DRIVE.commands)

    def plant_anew(self) -> None:
        """Behind all of the user's breakpoints; not while GDB handles a stop."""
        former = self.planted
        self._plant()
        former.delete()

    def set_commands(self, text: str) -> None:
        self.planted.commands = text

    def stop(self) -> bool:
        """Whether GDB is to stop."""
        DRIVE.close_passage()
        if DRIVE.held:
            return False
        with interrupts_put_off():  # to be heard by on_hit
            DRIVE.free_stepped()
            stops = self.on_hit() or (DRIVE.moved and any(uninterrupted(_follow)))
        self.planted.silent = DRIVE.hides_stop
        return stops or DRIVE.resumes

    def delete(self) -> None:
        DRIVE.points[self.address].remove(self)
        self.planted.delete()


class _Planted(gdb.Breakpoint):
    """GDB's part of a point."""

    def __init__(self, point: HypercallPoint, kind: int) -> None:
        super().__init__(f"*{point.address:#x}", kind, internal=True)
        self.silent = True
        self._point = point

    def stop(self) -> bool:
        return self._point.stop()


def _follow() -> bool:
    """A change has moved the vCPU: whether to stop GDB, which believes it where it was.

    GDB will step over a breakpoint at the new place, so that those of ours are hit now, and one of
    the user's is left for GDB to run into, from a stop that the user is not shown.
    """
    for _ in range(MAX_FOLLOWED):
        DRIVE.moved = False
        rip = int(gdb.newest_frame().read_register("rip")) & MASK64
        if DRIVE.users.youngest_at(rip):
            DRIVE.resumes = True
            return True
        if any([point.on_hit() for point in DRIVE.points.get(rip, ())]):
            return True
        if not DRIVE.moved:
            return False
    gdb.write("acrn-trace: breakpoints of ours move the guest in a circle; it stops.\n", gdb.STDERR)
    return True


def stopped() -> None:
    """GDB has stopped at a point of ours, and runs its commands."""
    flush_caches()
    _show_frame()
    _run_all(DRIVE.after_stop)
    gdb.set_convenience_variable("_hypercall_goes_on", int(DRIVE.resumes))
    DRIVE.resumes = False


def show_reasons(_event: gdb.StopEvent) -> None:
    """Say why the guest has stopped; where is shown in the commands of the point.

    Python's ``gdb.execute`` runs all commands of the breakpoints that stopped the guest, and a
    ``continue`` among them, within the stop event, would leave GDB waiting for ever.
    """
    DRIVE.resumes = DRIVE.resumes and not DRIVE.users.stops
    DRIVE.users.stops = False
    DRIVE.shown = reasons = DRIVE.reasons
    DRIVE.reasons = []
    told = [reason for reason in reasons if reason]
    for reason in told:
        GdbStream().write("\n" + "".join(f"{printable(line)}\n" for line in reason.splitlines()))
    DRIVE.owes_frame = bool(told) and not reads_mi()
    _run_all(DRIVE.at_stop)


def _run_all(actions: list[Callable[[], None]]) -> None:
    pending = actions[:]
    actions.clear()
    for action in pending:
        action()


def _show_frame() -> None:
    if not DRIVE.owes_frame:
        return
    DRIVE.owes_frame = False
    try:
        gdb.execute("frame")
    except gdb.error as error:  # RSP may be among what changed
        gdb.write(f"acrn-trace: no frame can be shown: {error}\n")


def _stopped_for_user(_event: gdb.StopEvent) -> None:
    DRIVE.come_last()
    if any(DRIVE.points.values()) and not DRIVE.held:
        DRIVE.stepped.free()


def _guest_gone(_event: object) -> None:
    """And its memory with it."""
    DRIVE.passage = None


DRIVE = Drive()
events.stop.connect(show_reasons)
events.stop.connect(_stopped_for_user)
events.before_prompt.connect(DRIVE.come_last)
events.cont.connect(lambda _event: DRIVE.stepped.resumed())
events.exited.connect(_guest_gone)
events.connection_removed.connect(_guest_gone)
