# SPDX-License-Identifier: BSD-3-Clause
"""Runs ``hypercall call``: a real call from the stopped guest, which then is as it was before."""

import gdb

from acrn_trace.act.call.build import Builder
from acrn_trace.act.call.parse import parse_arguments
from acrn_trace.act.call.plan import find_call, plan_call
from acrn_trace.base.errors import TraceError
from acrn_trace.base.output import Output
from acrn_trace.base.text import printable
from acrn_trace.in_gdb import events
from acrn_trace.in_gdb.call_place import check_stop, find_place, physical
from acrn_trace.in_gdb.call_run import HandCall
from acrn_trace.in_gdb.command import Command
from acrn_trace.in_gdb.guest_memory import GuestPhysicalMemory
from acrn_trace.in_gdb.guest_memory import has_hypercall
from acrn_trace.in_gdb.live import LiveTrace
from acrn_trace.in_gdb.prompt import GdbStream, matching
from acrn_trace.in_gdb.registers import read_register
from acrn_trace.in_gdb.session import Session
from acrn_trace.in_gdb.types import guest_types
from acrn_trace.sinks.text import TextSink
from acrn_trace.tables.layouts import Struct
from acrn_trace.trace.answering import Answering
from acrn_trace.trace.checks import checks_of
from acrn_trace.trace.decode import Decoder
from acrn_trace.trace.event import Event
from acrn_trace.trace.filters import Filter
from acrn_trace.trace.pairing import Call, Pairing
from acrn_trace.trace.rendering import Renderer
from acrn_trace.trace.sink import Sink
from acrn_trace.trace.tracer import Tracer

FORCE = "-f"
_NUMBERS = (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_ENUM, gdb.TYPE_CODE_BOOL, gdb.TYPE_CODE_CHAR)


def evaluate(text: str, extent: int) -> int:
    """A GDB expression in the selected frame.

    A pointer is virtual, and becomes guest-physical: that of ``extent`` bytes there.
    """
    try:
        value = gdb.parse_and_eval(text)
        kind = value.type.strip_typedefs()
        if kind.code == gdb.TYPE_CODE_ARRAY:
            return physical(int(value.address), extent)
        if kind.code == gdb.TYPE_CODE_PTR:
            return physical(int(value) & (1 << 64) - 1, extent)
        if kind.code in _NUMBERS:
            return int(value)
    except gdb.error as error:
        raise TraceError(str(error).rstrip(".")) from None
    raise TraceError(f"{text} is a {value.type}, not a number or an address ('&{text}')")


def _why_not_now(call: Call, answering: Answering) -> str | None:
    """Why the selected vCPU's ``call`` is in the way; None where the guest is yet to make it."""
    if answering.waiting and answering.waiting.call is call:
        return "has its answer from the debugger already, as the guest will see when it goes on"
    registers = call.entry.registers
    stands = all(read_register(name) == registers[name] for name in ("rip", "rsp", "cr3"))
    return None if stands and has_hypercall(call.site) else "is in flight"


class _Printed(TextSink):
    """Prints what a running trace does not print here already."""

    trace: LiveTrace | None = None

    def entered(self, event: Event) -> None:
        if not (self.trace and self.trace.shown.is_here(event)):
            super().entered(event)

    def finished(self, event: Event) -> None:
        if not (self.trace and self.trace.shown.is_here(event)):
            super().finished(event)


class HypercallCall(Command):
    """Makes a call from the stopped guest, prints its event, and puts everything back."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, self._make, str.strip)
        self._call: HandCall | None = None
        events.exited.connect(self._on_gone)
        events.connection_removed.connect(self._on_gone)

    def complete(self, text: str, word: str | None) -> list[str]:
        done = text.split()[: -1 if word else None]
        named = [part for part in done if part != FORCE]
        if named:
            return self._completed_field(named[0], word)
        names = [FORCE] * (not done) + [entry.name for entry in self._session.knowledge.table]
        return matching(names, word)

    def _completed_field(self, name: str, word: str | None) -> list[str]:
        entry = self._session.knowledge.table.named(name)
        known = self._session.knowledge.types
        types = [known.type_named(a.type or "") for a in entry.arguments] if entry else []
        fields = [field.name for kind in types if isinstance(kind, Struct) for field in kind.fields]
        return matching((f"{field}=" for field in fields), word)

    def _make(self, text: str) -> None:
        force = text.split(maxsplit=1)[:1] == [FORCE]
        name, _, rest = text.removeprefix(FORCE if force else "").strip().partition(" ")
        if not name:
            raise TraceError("hypercall call takes a call's name or number and its arguments")
        entry = find_call(name, self._session.knowledge.table)
        nodes = parse_arguments(rest)
        if not isinstance(gdb.selected_inferior().connection, gdb.RemoteTargetConnection):
            raise TraceError("no guest runs here to call; connect with 'target remote' first")
        self._check_none_in_flight()
        place = find_place()
        check_stop(place, force)
        types = self._session.knowledge.types
        if self._session.active() is None:  # a trace has those that it decodes by
            types.guest_types = guest_types(types.own_fields, _notice)
        room = place.room()
        known = self._session.knowledge.table.numbered(entry.number) is not None
        plan = plan_call(entry, nodes, Builder(types, evaluate, room), known)
        parts = room.parts if room else []
        self._call = HandCall(plan, place, parts, self._session.resumption, *self._shown())
        with self._session.no_stops():
            self._call.make()

    def _shown(self) -> tuple[Tracer, Sink]:
        """Who makes the call's event, and who prints it."""
        known, trace = self._session.knowledge, self._session.active()
        output = Output(GdbStream(), "the terminal", interactive=True)
        sink = _Printed(output, Renderer(known.table, known.types), quiet=True)
        if trace:
            sink.trace = trace
            return trace.tracer, sink
        decoder = Decoder(known, GuestPhysicalMemory())
        nobody = Pairing(lambda _stop, _site: False)
        tracer = Tracer(nobody, decoder, Filter([], known.table), [], checks=checks_of(known))
        return tracer, sink

    def _check_none_in_flight(self) -> None:
        if self._call and not self._call.over:
            raise TraceError(f"{self._call.plan.name}, made by hand, is not back; 'continue' first")
        running, vcpu = self._session.active(), gdb.selected_thread().ptid[1] - 1
        for call in running.pairing if running else ():
            if call.entry.vcpu == vcpu and (why := _why_not_now(call, running.tracer.answering)):
                name = self._session.knowledge.table.call_name(call.number)
                raise TraceError(
                    f"no call can be made here: {name} of vCPU {vcpu} at {call.site} {why}; let it "
                    "return first ('finish', or a breakpoint behind it)"
                )

    def _on_gone(self, _event: object) -> None:
        if self._call:
            self._call.lost()


def _notice(text: str) -> None:
    gdb.write(printable(f"+++ {text} +++") + "\n")


def make(_name: str, session: Session) -> Command:
    return HypercallCall(session)
