# SPDX-License-Identifier: BSD-3-Clause
"""Runs ``catch hypercall``: asks each catchpoint of each call, and tells what stopped the guest."""

import contextlib

import gdb

from acrn_trace.act.catch import announcement, guarded_commands, is_silent, parse_catch
from acrn_trace.act.catch_rules import compiled
from acrn_trace.guest.abi import main_abi
from acrn_trace.in_gdb import events
from acrn_trace.in_gdb.catch_entry import Catchpoint, check_condition
from acrn_trace.in_gdb.command import Command
from acrn_trace.in_gdb.prompt import matching
from acrn_trace.in_gdb.session import Session, current_session
from acrn_trace.rings.plugin_stops import MAX_RULES
from acrn_trace.tables.call_selection import wide
from acrn_trace.trace.event import Event
from acrn_trace.trace.intervener import CATCHES, Intervener, Intervention
from acrn_trace.trace.pairing import Call

VARIABLES = ("_hypercall_nr", "_hypercall_name", "_hypercall_ret")

MISSED = (
    "acrn-trace: {} may have been for a catchpoint, and the plugin could not stop there: the code "
    "before it has to do with flags, which would be lost, or it was stepped, or is at a breakpoint "
    "of yours. 'set hypercall plugin' without a file uses breakpoints.\n"
)


class Catcher(Intervener):
    """Asks every catchpoint of every call."""

    rank = CATCHES
    watches = True

    def __init__(self, session: Session) -> None:
        self._session = session
        self._resumption = session.resumption
        self.catchpoints: list[Catchpoint] = []
        self.call: Call | None = None  # that the guest stands at
        self.stopped_by: list[int] = []  # the numbers of those that stopped the guest there
        self._stopping: list[Catchpoint] = []  # those that do so now
        self._told_missed = 0
        events.stop.connect(self._forget_deleted)
        events.before_prompt.connect(self._forget_deleted)
        events.cont.connect(lambda _event: self._forget_stop())
        for event in (events.exited, events.connection_removed):
            event.connect(lambda _event: self._forget_guest())
        events.breakpoint_modified.connect(self._modified)
        events.breakpoint_deleted.connect(lambda _entry: self._hand_over_commands())
        events.breakpoints_listed.connect(self._show_hits)

    @property
    def has_work(self) -> bool:
        return any(one.entry.is_valid() for one in self.catchpoints)

    def entered(self, call: Call, event: Event) -> Intervention | None:
        return self._ask(call, event, at_return=False)

    def returned(self, call: Call, event: Event) -> Intervention | None:
        return self._ask(call, event, at_return=True)

    def _ask(self, call: Call, event: Event, at_return: bool) -> Intervention | None:
        if call.site.source == "hand":  # its user has it before him
            return None
        asked = [one for one in self.catchpoints if one.request.at_return == at_return]
        if not any(one.request.calls.has(event.id, event.name) for one in asked):
            return None
        self._show_variables(call, event)
        told = {one: self._line(one, call, event) for one in asked}
        stopping = [one for one, line in told.items() if line is not None]
        if not stopping:
            self._forget_call()
            return None
        self._stopping += stopping
        self._resumption.at_stop.append(self._has_stopped)
        return Intervention(stop="\n".join(line for line in told.values() if line))

    def _line(self, catchpoint: Catchpoint, call: Call, event: Event) -> str | None:
        """What to say of the stop, nothing if it is silent; None if there is none."""
        number = catchpoint.entry.number if catchpoint.entry.is_valid() else 0
        problem = ""
        try:
            if not catchpoint.stops(call, event):
                return None
        except gdb.error as error:  # GDB's own stop there too
            catchpoint.hits += 1
            problem = f"Error in testing condition for catchpoint {number}: {error}\n"
        if is_silent(catchpoint.commands):
            return problem
        thread = gdb.selected_thread().num
        return problem + announcement(number, thread, catchpoint.request.at_return, call, event)

    def _show_variables(self, call: Call, event: Event) -> None:
        """GDB has them as they are in conditions and commands, and void with no call."""
        self.call = call
        result = call.exit.registers[call.abi.result] if call.exit else None
        if result is not None and result >> 63:
            result -= 1 << 64
        values = (event.nr, event.name, result)
        for name, value in zip(VARIABLES, values):
            gdb.set_convenience_variable(name, value)

    def _has_stopped(self) -> None:
        stopping, self._stopping = self._stopping, []
        for catchpoint in stopping:
            self.stopped_by.append(catchpoint.entry.number)
            if catchpoint.entry.temporary:
                catchpoint.entry.delete()
            else:
                self._resumption.after_stop.append(catchpoint.count_down)
        if self.stopped_by:  # GDB 14 and newer; it would be the number of a point of ours
            gdb.set_convenience_variable("_hit_bpnum", self.stopped_by[0])

    def _forget_call(self) -> None:
        if self.call:
            self.call = None
            for name in VARIABLES:
                gdb.set_convenience_variable(name, None)

    def _forget_stop(self) -> None:
        self.stopped_by = []
        self._forget_call()

    def _forget_guest(self) -> None:
        """GDB deletes what is for one thread, and tells no Python object: it is not to be used."""
        valid = (one for one in self.catchpoints if one.entry.is_valid())
        self.catchpoints = [one for one in valid if one.entry.thread is None]
        self._tell_missed()
        if self._session.stops:
            self._session.stops.set_rules([])
        self._forget_stop()

    def _modified(self, entry: gdb.Breakpoint) -> None:
        for catchpoint in self.catchpoints:
            if catchpoint.entry is entry:
                catchpoint.modified()
        self._hand_over_commands()
        self.tell_plugin()

    def tell_plugin(self) -> None:
        """Which calls those that are enabled ask for, if the plugin stops the guest for them."""
        if not self._session.stops:
            return
        table = self._session.knowledge.table
        wanted = (one.rules(table) for one in self.catchpoints if one.entry.is_valid())
        self._session.stops.set_rules([rule for rules in wanted for rule in rules][:MAX_RULES])

    def _tell_missed(self) -> None:
        stops = self._session.stops
        missed = stops.missed - self._told_missed if stops else 0
        if missed > 0:
            self._told_missed += missed
            gdb.write(MISSED.format(f"{missed} call{'s' * (missed != 1)}"), gdb.STDERR)

    def _hand_over_commands(self) -> None:
        """GDB runs the user's commands itself, as those of our points: 'continue' is its own."""
        valid = [one for one in self.catchpoints if one.entry.is_valid()]
        self._resumption.set_commands(
            guarded_commands((one.entry.number, one.commands) for one in valid)
        )

    def _forget_deleted(self, _event: object = None) -> None:
        """No breakpoint of ours may go while GDB deletes one of the user's, so they go later."""
        self.catchpoints = [one for one in self.catchpoints if one.entry.is_valid()]
        for catchpoint in self.catchpoints:
            catchpoint.mend()
        self.tell_plugin()
        self._tell_missed()
        if not self.catchpoints and self in self._session.interveners:
            self._session.withdraw(self)

    def _show_hits(self) -> None:
        """Behind GDB's list of breakpoints: a count of hits, which GDB lets nobody set."""
        for catchpoint in self.catchpoints:
            if catchpoint.entry.is_valid() and catchpoint.hits:
                times = "1 time" if catchpoint.hits == 1 else f"{catchpoint.hits} times"
                gdb.write(f"Catchpoint {catchpoint.entry.number} already hit {times}\n")


class CatchHypercall(Command):
    """Adds a catchpoint, temporary or not."""

    def __init__(self, session: Session, catcher: Catcher, temporary: bool) -> None:
        super().__init__(session, self._catch, str)
        self._catcher = catcher
        self._temporary = temporary

    def complete(self, text: str, word: str | None) -> list[str]:
        names = ["-r", "thread", "if", *wide()]
        names += [entry.name for entry in self._session.knowledge.table]
        return matching(names, word)

    def _catch(self, argument: str) -> None:
        request = parse_catch(argument, self._session.knowledge.table)
        check_condition(request.condition or "1")
        if self._session.stops:
            compiled(request, request.condition, None, self._session.knowledge.table)
        self._session.intervene(self._catcher)
        catchpoint = Catchpoint(request, self._temporary)
        self._catcher.catchpoints.append(catchpoint)
        self._catcher.tell_plugin()
        temporary = "Temporary catchpoint" if self._temporary else "Catchpoint"
        gdb.write(f"{temporary} {catchpoint.entry.number} ({request.what})\n")


def arg(*numbers: gdb.Value) -> int | gdb.Value:
    """``$_hypercall_arg(N)``."""
    indices: list[int] = []
    with contextlib.suppress(gdb.error):  # of what is no number
        indices = [int(number) for number in numbers]
    call = current_session().the(Catcher).call
    registers = (call.abi if call else main_abi()).arguments
    if len(indices) != 1 or not 0 < indices[0] <= len(registers):
        given, last = ", ".join(map(str, numbers)), len(registers)
        raise gdb.GdbError(f"$_hypercall_arg({given}): a hypercall has arguments 1 to {last}.")
    if call is None:
        return gdb.parse_and_eval("(void) 0")
    return call.entry.registers[registers[indices[0] - 1]]


def stopped_by(number: gdb.Value) -> bool:
    """``$_hypercall_stopped_by(N)``."""
    return int(number) in current_session().the(Catcher).stopped_by


def make(name: str, session: Session) -> Command:
    return CatchHypercall(session, session.the(Catcher), temporary=name.startswith("tcatch"))
