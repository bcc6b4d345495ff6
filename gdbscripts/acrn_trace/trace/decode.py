# SPDX-License-Identifier: BSD-3-Clause
"""Turns a call into an event: its name, its named arguments, which registers changed, and what is
wrong with it.

C decodes what registers and memory say, at the entry, and at the return all of it again: what
memory had at the entry is kept until then.
"""

from typing import Any, Callable, Iterator

from acrn_trace.bindings.calls import CallDecoder, Changes, Given
from acrn_trace.guest.abi import GENERAL_REGISTERS, UNKNOWN
from acrn_trace.guest.memory import NoMemory, PhysicalMemory, Unreadable
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.trace.event import Event, Finding
from acrn_trace.trace.pairing import Call
from acrn_trace.trace.trees import Tree

COMPARED = (*GENERAL_REGISTERS, "eflags")
MAX_VALUE = 100  # characters of a value in a finding


class Seen:
    """Memory of which each part is read once: what was there then stays known."""

    def __init__(self, memory: PhysicalMemory) -> None:
        self._memory = memory
        self._parts: dict[tuple[int, int], bytes | str] = {}  # bytes, or why there are none

    def read(self, address: int, size: int) -> bytes:
        part = self._parts.get((address, size))
        if part is None:
            part = self._parts[address, size] = self._read(address, size)
        if isinstance(part, str):
            raise Unreadable(part)
        return part

    def _read(self, address: int, size: int) -> bytes | str:
        try:
            return self._memory.read(address, size)
        except Unreadable as why:
            return str(why)

    def close(self) -> None:
        """Memory may be another from now on."""
        self._memory = NoMemory()


class Decoder:
    """Decodes calls by what is known of the hypervisor, reading structures from ``memory``."""

    def __init__(
        self,
        knowledge: Knowledge,
        memory: PhysicalMemory,
        compares: Callable[[], bool] = lambda: True,
        linear: PhysicalMemory = NoMemory(),
    ) -> None:
        """Registers are compared while ``compares`` says so. ``linear`` is the memory of ABIs whose
        arguments have virtual addresses."""
        self._compares = compares
        self._table = knowledge.table
        self._memory, self._linear = memory, linear
        self._calls = CallDecoder(knowledge)

    def entered(self, call: Call) -> Event:
        """The event of a call that is in flight."""
        event = Event(
            seq=call.seq,
            time=call.entry.time,
            clock="host",
            vcpu=call.entry.vcpu,
            abi=call.abi.name,
            nr=call.number,
            name=self._table.call_name(call.number, call.abi.name),
            args=call.abi.arguments_in(call.entry.registers),
            site=call.site,
            source="stop",
            stack=call.entry.stack,
            task=call.entry.task,
            seen=Seen(self._memory_of(call)),
            more={"by_hand": True} if call.site.source == "hand" else {},
        )
        event.decoded = self._known(event, call)["decoded"]
        event.seen.close()
        return event

    def _memory_of(self, call: Call) -> PhysicalMemory:
        return self._linear if call.abi.is_linear else self._memory

    def reentered(self, event: Event, call: Call) -> None:
        """The call is made with other registers or memory than it was entered with: tell those."""
        again = self.entered(call)
        event.nr, event.name, event.args = again.nr, again.name, again.args
        event.decoded, event.seen = again.decoded, again.seen

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
        if call.exit and event.status == "unfinished":
            self.returned(event, call)
        known = self._known(event, call)
        event.decoded = known["decoded"]
        event.clobbered = {
            name: (int(before, 16), int(after, 16))
            for name, (before, after) in known["clobbered"].items()
        }
        event.findings += _findings(known)
        return event

    def _known(self, event: Event, call: Call) -> dict[str, Any]:
        is_back = event.over and call.exit is not None
        given = Given(
            event.nr,
            event.args,
            event.rax if is_back else None,
            self._changed(call) if is_back and self._compares() else (),
            abi=event.abi,
            is_injected=event.answered_by == "inject",
            site=call.site,
        )
        known = self._calls.decode(
            given, event.seen, Seen(self._memory_of(call)) if is_back else None
        )
        if event.abi == UNKNOWN:  # what the code loaded, as nothing says whose call it is
            known["decoded"] = dict(zip(call.abi.arguments, map(hex, event.args)))
        return known

    def _changed(self, call: Call) -> Changes:
        """The registers that are not what they were and not any call may change, in GDB's order."""
        assert call.exit
        before, after = call.entry.registers, call.exit.registers
        lost = call.abi.lost  # of arguments C knows which ones the call has
        names = [name for name in COMPARED if before[name] != after[name]]
        return [(name, before[name], after[name]) for name in names if name not in lost]


def _findings(known: dict[str, Any]) -> Iterator[Finding]:
    """What is wrong with the call: with what was given, what it changed, what it answered."""
    found = [Finding(one["kind"], one["text"]) for one in known["findings"]]
    yield from (one for one in found if one.kind == "argument")
    yield from changed_inputs(known)
    yield from (one for one in found if one.kind != "argument")


def changed_inputs(known: dict[str, Any]) -> Iterator[Finding]:
    """The fields that are the caller's to write and that the hypervisor wrote."""
    name, more = known["name"], known["more_changed"]
    for path, before, after in known["changed"]:
        values = f"{_short(before)} => {_short(after)}"
        yield Finding("input-changed", f"{name} changed {path or 'all'} of its input: {values}")
    if more:
        yield Finding("input-changed", f"{name} changed {more} more fields of its input")


def _short(tree: Tree) -> str:
    text = str(tree)
    return text if len(text) <= MAX_VALUE else text[:MAX_VALUE] + "..."
