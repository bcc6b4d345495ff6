# SPDX-License-Identifier: BSD-3-Clause
"""``catch hypercall``: numbered entries of GDB's own, which our points act for.

GDB refuses a condition on a breakpoint that has a Python ``stop`` method. So the entry that the
user sees, and gives conditions, commands and an ignore count, is an ordinary breakpoint at a place
that no program has: GDB never stops there, and what the user set is read when a call comes by.
"""

import gdb

from acrn_trace.abi import ACRN
from acrn_trace.errors import TraceError
from acrn_trace.event import Event
from acrn_trace.in_gdb.command import complaint
from acrn_trace.in_gdb.drive import DRIVE
from acrn_trace.in_gdb.session import Session
from acrn_trace.pairing import Call
from acrn_trace.tamper.call_selection import CLASSES
from acrn_trace.tamper.catch import (
    CatchRequest,
    announcement,
    is_silent,
    parse_catch,
    without_last_continue,
)
from acrn_trace.tamper.interventions import CATCHES, Change, Intervener

VARIABLES = ("_hypercall_nr", "_hypercall_name", "_hypercall_ret")


class Catchpoint:
    """One entry of ``info breakpoints``."""

    def __init__(self, request: CatchRequest, temporary: bool) -> None:
        self.request = request
        self.hits = 0
        self.entry = _quiet_breakpoint(request.what, temporary)
        if request.condition:
            self.entry.condition = request.condition

    def stops(self, call: Call, event: Event) -> bool:
        """Whether the guest is to stop: what GDB asks of a breakpoint that it came to."""
        entry = self.entry
        if not entry.is_valid() or not entry.enabled:
            return False
        if not self.request.calls.has(event.nr, event.name):
            return False
        if entry.thread is not None and entry.thread != gdb.selected_thread().global_num:
            return False
        if entry.condition and not gdb.parse_and_eval(entry.condition):
            return False
        self.hits += 1
        if entry.ignore_count:
            entry.ignore_count -= 1
            return False
        return True


def _quiet_breakpoint(what: str, temporary: bool) -> gdb.Breakpoint:
    """GDB says at length that the place is not there, and asks nothing from Python."""
    _wanted[:] = [what, temporary]
    gdb.execute("python import acrn_trace.in_gdb.catch as c; c.make_wanted()", to_string=True)
    return _wanted.pop()


_wanted: list = []


def make_wanted() -> None:
    what, temporary = _wanted
    _wanted.append(gdb.Breakpoint(what, temporary=temporary))


class Catcher(Intervener):
    """Asks every catchpoint of every call."""

    rank = CATCHES
    watches = True

    def __init__(self) -> None:
        self.points: list[Catchpoint] = []
        self.call: Call | None = None  # that the guest stands at

    def entered(self, call: Call, event: Event) -> Change | None:
        return self._ask(call, event, at_return=False)

    def returned(self, call: Call, event: Event) -> Change | None:
        return self._ask(call, event, at_return=True)

    def _ask(self, call: Call, event: Event, at_return: bool) -> Change | None:
        if DRIVE.going_on:  # answered just now, where GDB can stop no more
            return None
        points = [point for point in self.points if point.request.at_return == at_return]
        if not any(point.request.calls.has(event.nr, event.name) for point in points):
            return None
        self._show_variables(call, event)
        lines, stops = [], False
        for point in points:
            line = self._line(point, call, event)
            if line is not None:
                stops = True
                lines.append(line)
                DRIVE.after_stop.append(lambda point=point: _run_commands(point))
        if not stops:
            self.forget_call()
            return None
        return Change(stop="\n".join(line for line in lines if line))

    def _line(self, point: Catchpoint, call: Call, event: Event) -> str | None:
        """What to say of the stop, nothing if it is silent; None if there is none."""
        number = point.entry.number if point.entry.is_valid() else 0
        try:
            if not point.stops(call, event):
                return None
        except gdb.error as error:
            return f"Error in testing condition for catchpoint {number}: {error}"
        if is_silent(point.entry.commands):
            return ""
        thread = gdb.selected_thread().num
        return announcement(number, thread, point.request.at_return, call, event)

    def _show_variables(self, call: Call, event: Event) -> None:
        """GDB has them as they are in conditions and commands, and void with no call."""
        self.call = call
        result = call.exit.registers[ACRN.result] if call.exit else None
        if result is not None and result >> 63:
            result -= 1 << 64
        values = (event.nr, event.name, result)
        for name, value in zip(VARIABLES, values):
            gdb.set_convenience_variable(name, value)

    def forget_call(self) -> None:
        if self.call:
            self.call = None
            for name in VARIABLES:
                gdb.set_convenience_variable(name, None)


def _run_commands(point: Catchpoint) -> None:
    """What GDB does once it has stopped at a breakpoint."""
    entry = point.entry
    if not entry.is_valid():
        return
    text, goes_on = without_last_continue(entry.commands or "")
    if entry.temporary:
        entry.delete()
    if text:
        gdb.execute(text)
    DRIVE.resumes = DRIVE.resumes or goes_on


class CallArgument(gdb.Function):
    """$_hypercall_arg(N): argument N, 1 or 2, of the call that the guest stands at; else void."""

    def __init__(self, catcher: Catcher) -> None:
        super().__init__("_hypercall_arg")
        self._catcher = catcher

    def invoke(self, number: gdb.Value):
        index = int(number)
        if index not in (1, 2):
            raise gdb.GdbError(f"$_hypercall_arg({index}): a hypercall has arguments 1 and 2.")
        call = self._catcher.call
        if call is None:
            return gdb.parse_and_eval("(void) 0")
        return call.entry.registers[ACRN.arguments[index - 1]]


class CatchHypercall(gdb.Command):
    """Stop when the guest makes a hypercall.

    catch hypercall [-r] [CALL]... [if EXPR]

    CALL is a name, a number, /CLASS (general, vm, irq, ioreq, memory, device, debug, trusty, power,
    tee) or /REGEX; without one every call is caught. The guest stops at the VMCALL, before the call
    is made; with -r behind it, where the call is back.
    In EXPR and in commands: $_hypercall_nr, $_hypercall_name, $_hypercall_arg(1),
    $_hypercall_arg(2), and with -r $_hypercall_ret.
    The entry has a number: condition, ignore, commands, enable, disable and delete take it."""

    def __init__(self, name: str, session: Session, catcher: Catcher, temporary: bool) -> None:
        super().__init__(f"{name} hypercall", gdb.COMMAND_BREAKPOINTS)
        self._session = session
        self._catcher = catcher
        self._temporary = temporary

    def complete(self, text: str, word: str) -> list[str]:
        names = ["-r", "if", *(entry.name for entry in self._session.knowledge.table)]
        return [name for name in names + list(CLASSES) if name.startswith(word)]

    def invoke(self, argument: str, from_tty: bool) -> None:
        try:
            request = parse_catch(argument, self._session.knowledge.table)
            if self._catcher not in self._session.interveners:
                self._session.intervene(self._catcher)
        except TraceError as error:
            raise complaint(error) from None
        point = Catchpoint(request, self._temporary)
        self._catcher.points.append(point)
        temporary = "Temporary catchpoint" if self._temporary else "Catchpoint"
        gdb.write(f"{temporary} {point.entry.number} ({request.what})\n")


TcatchHypercall = type("TcatchHypercall", (CatchHypercall,), {"__doc__": CatchHypercall.__doc__})


def register(session: Session) -> None:
    catcher = Catcher()
    CatchHypercall("catch", session, catcher, False)
    TcatchHypercall("tcatch", session, catcher, True)
    CallArgument(catcher)

    def forget_deleted(_event: object = None) -> None:
        """No breakpoint of ours may go while GDB deletes one of the user's, so they go later."""
        catcher.points = [point for point in catcher.points if point.entry.is_valid()]
        if not catcher.points and catcher in session.interveners:
            session.withdraw(catcher)

    gdb.events.stop.connect(forget_deleted)
    gdb.events.before_prompt.connect(forget_deleted)
    gdb.events.cont.connect(lambda _event: catcher.forget_call())
