# SPDX-License-Identifier: BSD-3-Clause
"""Turns a call into an event: number to name, registers and memory to named arguments."""

from typing import Callable

from acrn_trace.guest.abi import ACRN
from acrn_trace.guest.memory import PhysicalMemory
from acrn_trace.lint.of_call import SiteFindings, guests_own
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.trace.arguments import ArgumentDecoder, Decoded
from acrn_trace.trace.changes import Change
from acrn_trace.trace.clobbers import changed_registers, clobber_findings
from acrn_trace.trace.event import Event, Finding
from acrn_trace.trace.misread import misread_arguments
from acrn_trace.trace.pairing import Call
from acrn_trace.trace.results import ResultChecker
from acrn_trace.trace.structures import Tree

MAX_TOLD = 8  # changes of one call's input that have a finding each
MAX_VALUE = 100  # characters of a value in a finding


class Decoder:
    """Decodes calls by what is known of the hypervisor, reading structures from ``memory``."""

    def __init__(
        self,
        knowledge: Knowledge,
        memory: PhysicalMemory,
        lint: SiteFindings = lambda site: [],
        compares: Callable[[], bool] = lambda: True,
        from_boot: Callable[[], bool] = lambda: False,
    ) -> None:
        """``lint`` tells of a site's code; registers are compared while ``compares`` says so;
        ``from_boot``: the trace has seen the guest since it was booted."""
        self._lint, self._compares = lint, compares
        self._table = knowledge.table
        self._rules = knowledge.results
        self._memory = memory
        self._arguments = ArgumentDecoder(knowledge.types)
        self._loses_errors = knowledge.releases.can_lose_errors(knowledge.release)
        self._results = ResultChecker(
            knowledge.table, knowledge.results, knowledge.explain, from_boot, self._absence
        )
        self._decoded: dict[int, Decoded] = {}  # by seq, of the calls in flight

    def entered(self, call: Call) -> Event:
        """The event of a call that is in flight."""
        registers = call.entry.registers
        args = (registers[ACRN.arguments[0]], registers[ACRN.arguments[1]])
        entry = self._table.numbered(call.number)
        if entry:
            self._decoded[call.seq] = self._arguments.entered(entry, args, self._memory)
        return Event(
            seq=call.seq,
            time=call.entry.time,
            clock="host",
            vcpu=call.entry.vcpu,
            abi=ACRN.name,
            nr=call.number,
            name=self._table.call_name(call.number),
            args=args,
            site=call.site,
            source="stop",
            stack=call.entry.stack,
            task=call.entry.task,
            decoded=self._decoded[call.seq].shown if entry else {},
            more={"by_hand": True} if call.site.source == "hand" else {},
        )

    def reentered(self, event: Event, call: Call) -> None:
        """The call is made with other registers or memory than it was entered with: tell those."""
        again = self.entered(call)
        event.nr, event.name, event.args = again.nr, again.name, again.args
        event.decoded = again.decoded

    def returned(self, event: Event, call: Call) -> None:
        """The call's result. What it wrote to memory, and what is to be said of it, comes last."""
        assert call.exit
        event.over, event.status = True, "returned"
        event.answered_by = event.answered_by or "hypervisor"
        event.duration = call.exit.time - call.entry.time
        event.rax = call.exit.registers[ACRN.result]
        event.return_vcpu = call.exit.vcpu

    def finished(self, event: Event, call: Call) -> Event:
        """Complete the call's event: it returned, or it never will (then it stays unfinished)."""
        event.over = True
        event.repeats, event.repeats_unknown = call.repeats, call.repeats_unknown
        decoded = self._decoded.pop(call.seq, None)
        entry = self._table.numbered(event.nr)
        if entry and decoded:
            event.findings += misread_arguments(entry, event.args, decoded.before)
        if call.exit is None:
            return event
        if event.status == "unfinished":
            self.returned(event, call)
        self._outputs(event, decoded)
        allowed = self._rules.may_change.get(event.name, frozenset())
        if self._compares():
            event.clobbered = changed_registers(call.entry, call.exit, allowed)
        event.findings += clobber_findings(event.clobbered, event.name, call.site)
        if event.answered_by == "inject":
            return event  # what was asked for is no news
        event.findings += self._results.check(event)
        if self._loses_errors and event.rax == call.entry.registers[ACRN.result]:
            event.findings.append(_maybe_stale(event))
        is_call = self._table.numbered(event.nr) is not None
        if call.site.source != "hand":
            event.findings += guests_own(event, is_call, self._lint)
        return event

    def _absence(self, event: Event, argument: str) -> str | None:
        entry = self._table.numbered(event.nr)
        return entry and self._arguments.absence(entry, argument, event.args, self._memory)

    def _outputs(self, event: Event, decoded: Decoded | None) -> None:
        entry = self._table.numbered(event.nr)
        if entry is None or decoded is None:
            return
        self._arguments.returned(entry, event.args, decoded, event.failed, self._memory)
        event.decoded = decoded.shown
        inputs = [change for change in decoded.changes if change.direction == "in"]
        event.findings += [_input_changed(event.name, change) for change in inputs[:MAX_TOLD]]
        if len(inputs) > MAX_TOLD:
            text = f"{event.name} changed {len(inputs) - MAX_TOLD} more fields of its input"
            event.findings.append(Finding("input-changed", text))


def _input_changed(call: str, change: Change) -> Finding:
    values = f"{_short(change.before)} => {_short(change.after)}"
    return Finding("input-changed", f"{call} changed {change.what} of its input: {values}")


def _short(tree: Tree) -> str:
    text = str(tree)
    return text if len(text) <= MAX_VALUE else text[:MAX_VALUE] + "..."


def _maybe_stale(event: Event) -> Finding:
    return Finding(
        "stale-rax",
        f"{event.name} left RAX as it was, {event.rax:#x}: this release of ACRN does so when it "
        "fails with ENODEV or EACCES",
    )
