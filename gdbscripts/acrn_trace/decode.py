# SPDX-License-Identifier: BSD-3-Clause
"""Turns a call into an event: number to name, registers to named arguments."""

from typing import Any

from acrn_trace.abi import ACRN
from acrn_trace.calltable import Argument, CallTable
from acrn_trace.clobbers import changed_registers, clobber_findings
from acrn_trace.event import Event
from acrn_trace.pairing import Call


class Decoder:
    """Decodes calls by a table; ``may_change`` names the registers that single calls pass through."""

    def __init__(self, table: CallTable, may_change: dict[str, frozenset[str]]) -> None:
        self.table = table
        self._may_change = may_change

    def entered(self, call: Call) -> Event:
        """The event of a call that is in flight."""
        registers = call.entry.registers
        args = tuple(registers[name] for name in ACRN.arguments)
        return Event(
            seq=call.seq,
            time=call.entry.time,
            clock="host",
            vcpu=call.entry.vcpu,
            abi=ACRN.name,
            nr=call.number,
            name=self.table.call_name(call.number),
            args=(args[0], args[1]),
            site=call.site,
            source="stop",
            decoded=self._arguments(call.number, args),
        )

    def finished(self, event: Event, call: Call) -> Event:
        """Complete the call's event: it returned, or it never will (then it stays unfinished)."""
        event.over = True
        event.repeats, event.repeats_unknown = call.repeats, call.repeats_unknown
        if call.exit is None:
            return event
        event.status, event.answered_by = "returned", "hypervisor"
        event.duration = call.exit.time - call.entry.time
        event.rax = call.exit.registers[ACRN.result]
        event.return_vcpu = call.exit.vcpu
        allowed = self._may_change.get(event.name, frozenset())
        event.clobbered = changed_registers(call.entry, call.exit, allowed)
        event.findings += clobber_findings(event.clobbered, event.name, call.site)
        return event

    def _arguments(self, number: int, args: tuple[int, ...]) -> dict[str, Any]:
        entry = self.table.numbered(number)
        if entry is None:
            return {}
        return {a.name: _value(a, register) for a, register in zip(entry.arguments, args)}


def _value(argument: Argument, register: int) -> int | str:
    """What the hypervisor reads of the register; numbers that may pass 2^53 as hexadecimal text."""
    value = register & ((1 << argument.bits) - 1)
    return hex(value) if argument.bits == 64 else value
