# SPDX-License-Identifier: BSD-3-Clause
"""Turns a call into an event: its name, its named arguments, and which registers changed."""

from typing import Callable

from acrn_trace.guest.abi import UNKNOWN, Abi
from acrn_trace.guest.memory import PhysicalMemory
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.trace.arguments import ArgumentDecoder
from acrn_trace.trace.clobbers import changed_registers
from acrn_trace.trace.event import Event
from acrn_trace.trace.pairing import Call


class Decoder:
    """Decodes calls by what is known of the hypervisor, reading structures from ``memory``."""

    def __init__(
        self,
        knowledge: Knowledge,
        memory: PhysicalMemory,
        compares: Callable[[], bool] = lambda: True,
    ) -> None:
        """Registers are compared while ``compares`` says so."""
        self._compares = compares
        self._table = knowledge.table
        self._may_change = knowledge.results.may_change
        self._memory = memory
        self._arguments = ArgumentDecoder(knowledge.types)

    def entered(self, call: Call) -> Event:
        """The event of a call that is in flight."""
        args = call.abi.arguments_in(call.entry.registers)
        entry = self._table.numbered(call.number, call.abi.name)
        arguments = self._arguments.entered(entry, args, self._memory) if entry else None
        return Event(
            seq=call.seq,
            time=call.entry.time,
            clock="host",
            vcpu=call.entry.vcpu,
            abi=call.abi.name,
            nr=call.number,
            name=self._table.call_name(call.number, call.abi.name),
            args=args,
            site=call.site,
            source="stop",
            stack=call.entry.stack,
            task=call.entry.task,
            decoded=arguments.shown if arguments else _registers(call.abi, args),
            arguments=arguments,
            more={"by_hand": True} if call.site.source == "hand" else {},
        )

    def reentered(self, event: Event, call: Call) -> None:
        """The call is made with other registers or memory than it was entered with: tell those."""
        again = self.entered(call)
        event.nr, event.name, event.args = again.nr, again.name, again.args
        event.decoded, event.arguments = again.decoded, again.arguments

    def returned(self, event: Event, call: Call) -> None:
        """The call's result. What it wrote to memory comes last."""
        assert call.exit
        event.over, event.status = True, "returned"
        event.answered_by = event.answered_by or "hypervisor"
        event.duration = call.exit.time - call.entry.time
        event.rax = call.exit.registers[call.abi.result]
        event.return_vcpu = call.exit.vcpu

    def finished(self, event: Event, call: Call) -> Event:
        """Complete the call's event: it returned, or it never will (then it stays unfinished)."""
        event.over = True
        event.repeats, event.repeats_unknown = call.repeats, call.repeats_unknown
        if call.exit is None:
            return event
        if event.status == "unfinished":
            self.returned(event, call)
        self._outputs(event)
        if self._compares():
            allowed = call.abi.may_change | self._may_change.get(event.name, frozenset())
            event.clobbered = changed_registers(call.entry, call.exit, allowed)
        return event

    def _outputs(self, event: Event) -> None:
        entry = self._table.numbered(event.nr, event.abi)
        if entry and event.arguments:
            self._arguments.returned(entry, event.args, event.arguments, event.failed, self._memory)
            event.decoded = event.arguments.shown

    def absence(self, event: Event, argument: str) -> str | None:
        """Why the machine has no memory where an argument of the call points, if that is known."""
        entry = self._table.numbered(event.nr, event.abi)
        return entry and self._arguments.absence(entry, argument, event.args, self._memory)


def _registers(abi: Abi, args: tuple[int, ...]) -> dict[str, str]:
    """What the code loaded for a call of which nothing says whose it is."""
    return dict(zip(abi.arguments, map(hex, args))) if abi.name == UNKNOWN else {}
