# SPDX-License-Identifier: BSD-3-Clause
"""Keeps what is to be known from one stop to the next: why, who is told, and who goes on how.

A change is made in the ``stop`` method of a point of ours (``in_gdb.points``), which then answers
False, so that whatever GDB was about (``continue``, ``next``, ``finish``, a script of the user's)
goes on undisturbed. GDB advises against changes there; those that do harm are of breakpoints, of
the selected frame and of how the guest resumes, and none is made. Registers are written by GDB
itself, whose caches follow.

GDB believes the vCPU where it stopped. So a point of ours at the place where it then goes on counts
as hit too, and for one of the user's GDB makes a stop of its own that nobody sees (``_follow``).

Where the user is shown the stop, nothing is changed before he goes on. GDB asks the breakpoints at
a place in the order in which they were made, so that behind the user's own one knows whether they
stop the guest (``UserBreakpoints.stops``). Of one that was made later that is known once GDB has
stopped, which nobody sees if it was not for the user; then our point is made the last of them.

What GDB forbids while it handles a stop, as on breakpoints and symbols, is deferred until it has
stopped; the guest then goes on as if it had not.
"""

import contextlib
import time
from typing import Callable, Iterator, Protocol

import gdb

from acrn_trace.act.skipped_vmcall import Passage
from acrn_trace.base.errors import TraceError
from acrn_trace.base.text import printable
from acrn_trace.guest.abi import MASK64
from acrn_trace.guest.stop import Stop
from acrn_trace.in_gdb import events
from acrn_trace.in_gdb.front_end import reads_mi
from acrn_trace.in_gdb.guard import interrupts_put_off, uninterrupted
from acrn_trace.in_gdb.prompt import GdbStream
from acrn_trace.in_gdb.stepped_vcpu import SteppedVcpus
from acrn_trace.in_gdb.stub import StubVcpu, flush_caches
from acrn_trace.in_gdb.user_breakpoints import UserBreakpoints

MAX_FOLLOWED = 64  # changes of RIP from one point of ours straight to another

_SESSION = "acrn_trace.in_gdb.session"
CALL = f"python import {_SESSION}; {_SESSION}.current_session().resumption.{{}}()"
# What GDB runs, as the commands of a breakpoint of ours, once it has stopped there; in the middle
# those that the user gave to catchpoints.
# 'continue' is GDB's own: from Python each would be inside the one before.
COMMANDS = CALL.format("stopped") + "\n{}\nif $_hypercall_goes_on\n  continue\nend"
DEFERRED = "silent\n" + CALL.format("stopped_for_deferred")


def _commands(users: str) -> str:
    """``silent`` before them silences GDB, whatever the point says."""
    return ("" if reads_mi() else "silent\n") + COMMANDS.format(users)


def say_failure(error: Exception, where: str = "") -> None:
    sentence = str(error).rstrip(".")
    gdb.write(f"acrn-trace: {where}{sentence}.\n", gdb.STDERR)


class Acting(Protocol):
    """A point of ours that may change the guest (``in_gdb.points.HypercallPoint``)."""

    address: int
    born: int  # the user's breakpoints up to this number were there before
    on_hit: Callable[[], bool]
    of_hand_calls: bool
    planted: gdb.Breakpoint

    def stop(self) -> bool:
        ...

    def plant_anew(self) -> None:
        ...

    def set_commands(self, text: str) -> None:
        ...


class Resumption:
    """The one of this GDB, which every point of ours and whoever changes the guest is given."""

    def __init__(self) -> None:
        self.points: dict[int, list[Acting]] = {}
        self.held = False  # the guest runs for a call made by hand, which is no business of theirs
        self.moved = False  # RIP was changed at this stop
        self.resumes = False  # the guest goes on from the stop that GDB is making
        self.at_stop: list[Callable[[], None]] = []  # once GDB has made it
        self.after_stop: list[Callable[[], None]] = []  # in the commands of the point that made it
        self.deferred: list[Callable[[], None]] = []  # then, too; and the guest goes on
        self.loops = False  # somebody runs the guest in a loop, and calls run_deferred()
        self.reasons: list[str] = []  # why the guest is being stopped for the user
        self.shown: list[str] = []  # the reasons of the latest stop
        self._owes_frame = False  # the place of it is not shown yet, which we have to do
        self.going_on: gdb.InferiorThread | None = None  # the vCPU that GDB is about to let go
        self.passage: Passage | None = None  # of a call that may be answered when the guest goes on
        self.users = UserBreakpoints(self.free_stepped)
        self.stepped = SteppedVcpus()
        self.commands = _commands("")
        events.stop.connect(self._show_reasons)
        events.stop.connect(self._stopped_for_user)
        events.before_prompt.connect(self._come_last)
        events.cont.connect(lambda _event: self.stepped.resumed())
        events.exited.connect(self._guest_gone)
        events.connection_removed.connect(self._guest_gone)

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

    @property
    def hides_stop(self) -> bool:
        """Whether GDB is to say nothing of the stop that it makes at a point of ours.

        A person is told by ``_show_reasons``, unless the commands of what stopped the guest are
        silent. A front end is told by GDB, as of a breakpoint.
        """
        silenced = bool(self.reasons) and not any(self.reasons)
        return self.resumes or silenced or not reads_mi()

    def acts(self, on_hit: Callable[[], bool]) -> bool:
        """Whether GDB is to stop for the point that is hit, or for those that it leads on to."""
        with interrupts_put_off():  # to be heard by on_hit
            self.free_stepped()
            return on_hit() or (self.moved and any(uninterrupted(self._follow)))

    def _follow(self) -> bool:
        """A change has moved the vCPU: whether to stop GDB, which believes it where it was.

        GDB will step over a breakpoint at the new place, so that those of ours are hit now, and one
        of the user's is left for GDB to run into, from a stop that the user is not shown.
        """
        for _ in range(MAX_FOLLOWED):
            self.moved = False
            rip = int(gdb.newest_frame().read_register("rip")) & MASK64
            if self.users.youngest_at(rip):
                self.resumes = True
                return True
            if any([point.on_hit() for point in self.points.get(rip, ())]):
                return True
            if not self.moved:
                return False
        circle = "acrn-trace: breakpoints of ours move the guest in a circle; it stops.\n"
        gdb.write(circle, gdb.STDERR)
        return True

    @contextlib.contextmanager
    def letting_go(self, vcpu: int) -> Iterator[Stop]:
        """GDB is about to let the vCPU go: meanwhile its registers are changed by packets."""
        threads = gdb.selected_inferior().threads()
        self.going_on = next(one for one in threads if one.ptid[1] - 1 == vcpu)
        try:
            standing = StubVcpu(self.going_on)
            registers = {name: standing.read(name) for name in ("rip", "rsp")}
            yield Stop(vcpu, time.time(), registers)
        finally:
            self.going_on = None

    def close_passage(self) -> None:
        """Whatever stop comes next ends the step over a VMCALL."""
        passage, self.passage = self.passage, None
        try:
            if passage:
                passage.close()
        except TraceError as error:
            say_failure(error)

    def free_stepped(self) -> None:
        """At every stop that we are told of before GDB has made it."""
        if not self.held:
            self.stepped.free_within_command()

    def stopped(self) -> None:
        """GDB has stopped at a point of ours, and runs its commands."""
        flush_caches()
        self._show_frame()
        _run_all(self.after_stop)
        gdb.set_convenience_variable("_hypercall_goes_on", int(self.resumes))
        self.resumes = False

    def stopped_for_deferred(self) -> None:
        """GDB has stopped for something that was deferred, and runs the point's commands."""
        if not self.loops and self.run_deferred():
            gdb.execute("continue")

    def run_deferred(self) -> bool:
        """Do what was deferred: whether there was any, so that the guest is to go on."""
        pending = self.deferred[:]
        self.deferred.clear()
        for action in pending:
            try:
                action()
            except (TraceError, gdb.error) as error:
                say_failure(error)
        return bool(pending)

    def _show_reasons(self, _event: gdb.StopEvent) -> None:
        """Say why the guest has stopped; where is shown in the commands of the point.

        Python's ``gdb.execute`` runs all commands of the breakpoints that stopped the guest, and a
        ``continue`` among them, within the stop event, would leave GDB waiting for ever.
        """
        self.resumes = self.resumes and not self.users.stops
        self.users.stops = False
        self.shown = reasons = self.reasons
        self.reasons = []
        told = [reason for reason in reasons if reason]
        for reason in told:
            lines = "".join(f"{printable(line)}\n" for line in reason.splitlines())
            GdbStream().write("\n" + lines)
        self._owes_frame = bool(told) and not reads_mi()
        _run_all(self.at_stop)

    def _show_frame(self) -> None:
        if not self._owes_frame:
            return
        self._owes_frame = False
        try:
            gdb.execute("frame")
        except gdb.error as error:  # RSP may be among what changed
            gdb.write(f"acrn-trace: no frame can be shown: {error}\n")

    def _stopped_for_user(self, _event: gdb.StopEvent) -> None:
        self._come_last()
        if any(self.points.values()) and not self.held:
            self.stepped.free()

    def _come_last(self) -> None:
        """Have GDB ask our points after the user's breakpoints, where it asked some before."""
        for address, youngest in self.users.places().items():
            for point in self.points.get(address, ()):
                if point.born < youngest:
                    point.plant_anew()

    def _guest_gone(self, _event: object) -> None:
        """And its memory with it."""
        self.passage = None


def _run_all(actions: list[Callable[[], None]]) -> None:
    pending = actions[:]
    actions.clear()
    for action in pending:
        action()
