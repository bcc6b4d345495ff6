# SPDX-License-Identifier: BSD-3-Clause
"""Answers calls as they were answered in a trace recorded elsewhere (docs/mock.md).

Each vCPU's calls are expected in the order in which that vCPU made them. A call is the recorded one
if its number and what goes in are the same, addresses left out: what ``acrn-trace diff`` compares.
"""

from collections import deque
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Iterator

from acrn_trace.act.mock.cpuid import AcrnCpuid
from acrn_trace.act.mock.outputs import NotRebuilt, Outputs, inputs, is_unrecorded, lacks_outputs
from acrn_trace.base.errors import TraceError
from acrn_trace.files.comparable import Meanings, Tree, differences
from acrn_trace.files.read import read_events
from acrn_trace.guest.abi import GENERAL_REGISTERS
from acrn_trace.guest.memory import Unreadable
from acrn_trace.guest.pending_memory import PendingMemory
from acrn_trace.sinks.text import result_text
from acrn_trace.tables.calls import CallId
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.trace.event import Event, Finding
from acrn_trace.trace.intervener import Intervention
from acrn_trace.trace.pairing import Call
from acrn_trace.trace.rendering import Renderer

MAX_CALLS = 1 << 20
AHEAD = 64  # recorded calls of the vCPU among which one is looked for that departed ones left out
MAX_TOLD = 3  # differences that a finding has
MAX_SHOWN = 80  # characters of each side
KIND = "replay-departs"


@dataclass
class Recorded:
    """A recorded call: its place in the trace, and what goes in."""

    event: Event
    inputs: dict[str, Tree]

    def is_same(self, call: CallId, now: dict[str, Tree]) -> bool:
        return self.event.id == call and not any(self.differences(now))

    def differences(self, now: dict[str, Tree]) -> Iterator[tuple[str, Tree, Tree]]:
        for path, before, after in differences(self.inputs, now):
            is_unknown = self.event.source == "ring" and is_unrecorded(before, after)
            if not is_unknown and (before or after):  # a reserved field is there if it is not 0
                yield path, before, after


@dataclass
class Replay:
    """The calls of one trace that are still to come, by vCPU."""

    knowledge: Knowledge
    path: Path
    waiting: dict[int | None, deque[Recorded]] = field(default_factory=dict)
    calls: int = 0
    answered: int = 0
    departed: int = 0

    def __post_init__(self) -> None:
        self.cpuid = AcrnCpuid()
        self._meanings = Meanings(self.knowledge.table)
        self._renderer = Renderer(self.knowledge.table, self.knowledge.types)
        self._before: dict[CallId, Recorded] = {}  # the last of each that was answered
        events = []
        for event in read_events(str(self.path), self.knowledge):
            events.append(event)
            if len(events) > MAX_CALLS:
                raise TraceError(f"{self.path} has more than {MAX_CALLS} calls, too many to replay")
        if not events:
            raise TraceError(f"{self.path} has no calls to replay")
        self.calls = len(events)
        table, fields = self.knowledge.table, self.knowledge.types.fields
        lacking = (lacks_outputs(table.numbered(e.nr, e.abi), e, fields) for e in events)
        self.without_outputs = sum(lacking)
        for event in sorted(events, key=lambda event: event.seq):
            self.waiting.setdefault(event.vcpu, deque()).append(self._recorded(event))

    def answer(self, call: Call, event: Event, memory: PendingMemory) -> Intervention | None:
        """What the recording answers; a finding for the first call that is not the one expected.

        No ``answer`` in it: the recording has none.
        """
        now = self._inputs(event)
        queue = self._queue(event, now)
        expected = queue[0] if queue else None
        if expected and expected.is_same(event.id, now):
            queue.popleft()
            return self._replayed(expected, call, event, memory, [])
        notes = self._departure(event, now, expected)
        taken = self._next_best(event, now, queue)
        if taken:
            return self._replayed(taken, call, event, memory, notes)
        return Intervention(notes=notes)

    @property
    def summary(self) -> str:
        """What is replayed, and what of that the trace does not have."""
        line = f"{self.path} is replayed: {self.calls} calls"
        if self.without_outputs:
            line += (
                f"; of {self.without_outputs} it does not have what they wrote to memory, so that "
                "stays as it is"
            )
        return line

    @property
    def left(self) -> int:
        return sum(map(len, self.waiting.values()))

    @property
    def remainder(self) -> str:
        return f"{self.left} of the {self.calls} calls of {self.path} were not made"

    def _queue(self, event: Event, now: dict[str, Tree]) -> deque[Recorded]:
        """The vCPU's calls; another's where a thread has moved; all, if vCPUs are not known."""
        own = self.waiting.get(event.vcpu) or self.waiting.get(None) or deque()
        if own and own[0].is_same(event.id, now):
            return own
        others = (queue for queue in self.waiting.values() if queue)
        moved = (queue for queue in others if queue[0].is_same(event.id, now))
        return next(moved, own)

    def _next_best(
        self, event: Event, now: dict[str, Tree], queue: deque[Recorded]
    ) -> Recorded | None:
        """The recorded call to answer one by that is not the expected one.

        The expected one if it is of the same kind, an argument having changed; one like it that
        comes soon, those before it having been left out; the last of the kind that was answered.
        """
        if queue and queue[0].event.id == event.id:
            return queue.popleft()
        for index, recorded in enumerate(islice(queue, AHEAD)):
            if recorded.is_same(event.id, now):
                for _ in range(index + 1):
                    queue.popleft()
                return recorded
        return self._before.get(event.id)

    def _replayed(
        self,
        recorded: Recorded,
        call: Call,
        event: Event,
        memory: PendingMemory,
        notes: list[Finding],
    ) -> Intervention:
        was = recorded.event
        if was.rax is None:
            return Intervention(
                notes=notes,
                stop=f"{self.path} has no answer to {event.name}, its call {was.seq}, which never "
                "returned; 'continue' makes the call, 'hypercall mock off' ends the replay",
            )
        self._before[event.id] = recorded
        self.answered += 1
        entry = self.knowledge.table.numbered(event.nr, event.abi)
        outputs = Outputs(self.knowledge.types, memory)
        try:
            writes = outputs.writes(entry, was, event.args, event.decoded) if entry else []
            for address, data in writes:
                memory.write(address, data)
        except (NotRebuilt, Unreadable) as why:
            text = f"{event.name}: what it wrote cannot be written again: {why}"
            notes = [*notes, Finding("replay-incomplete", text)]
        return Intervention(_registers(was), memory.writes, was.rax, "replay", notes=notes)

    def _departure(
        self, event: Event, now: dict[str, Tree], expected: Recorded | None
    ) -> list[Finding]:
        self.departed += 1
        if self.departed > 1:
            return []
        here = f"{self._renderer.call(event)})"
        where = f"the recording, {self.path},"
        if expected is None:
            text = f"{here} departs from {where} which has no more calls of vCPU {event.vcpu}"
            return [Finding(KIND, text)]
        was = expected.event
        there = f"{self._renderer.call(was)}{self._renderer.outputs(was)} = {result_text(was)}"
        changes = [
            f"{path}: {_short(a)} => {_short(b)}" for path, a, b in expected.differences(now)
        ]
        why = f": {', '.join(changes[:MAX_TOLD])}" if was.id == event.id and changes else ""
        return [Finding(KIND, f"{here} departs from {where} whose call {was.seq} is {there}{why}")]

    def _recorded(self, event: Event) -> Recorded:
        return Recorded(event, self._inputs(event))

    def _inputs(self, event: Event) -> dict[str, Tree]:
        """What goes in, without addresses; the same of a call that is made as of a recorded one."""
        entry = self.knowledge.table.numbered(event.nr, event.abi)
        if entry is None:
            return {f"arg{index}": hex(arg) for index, arg in enumerate(event.args, 1)}
        into = [argument.name for argument in entry.arguments if argument.direction != "out"]
        decoded = {name: inputs(event.decoded[name]) for name in into if name in event.decoded}
        tree = self._meanings.without_addresses(entry, decoded)
        fields = self.knowledge.types.fields
        for argument in entry.arguments:
            struct, part = argument.type or "", tree.get(argument.name)
            if argument.kind == "PTR" and isinstance(part, dict):
                outs = {key for key in part if "OUT" in fields.of(struct, key).plain}
                tree[argument.name] = {key: part[key] for key in part if key not in outs}
        return tree


def _short(tree: Tree) -> str:
    text = str(tree)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."


def _registers(event: Event) -> dict[str, int]:
    """What the hypervisor left in registers that it must not change."""
    names = {name: name for name in GENERAL_REGISTERS} | {"rflags": "eflags"}
    return {names[name]: after for name, (_, after) in event.clobbered.items() if name in names}
