# SPDX-License-Identifier: BSD-3-Clause
"""Answers calls in the hypervisor's stead: single results, models in Python, a replay, ACRN played.

Asked in that order; a call that none of them answers reaches the processor.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Iterator

from acrn_trace.act.mock.acrn import PlayedAcrn
from acrn_trace.act.mock.cpuid import AcrnCpuid
from acrn_trace.act.mock.library import RAISES_GP, RETURNED
from acrn_trace.act.mock.python import ModelCall, ModelError, PythonModels, place_of
from acrn_trace.act.mock.replay import Replay
from acrn_trace.guest.abi import MASK64
from acrn_trace.guest.memory import PhysicalMemory
from acrn_trace.guest.pending_memory import PendingMemory
from acrn_trace.tables.calls import CallId
from acrn_trace.tables.errnos import errors_of, result_words
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.trace.event import Event, Finding, Reason
from acrn_trace.trace.intervener import Intervener, Intervention
from acrn_trace.trace.pairing import Call

RAISED_GP = Finding(
    "mock-exception",
    "ACRN raises #GP for a call from user mode; the mock leaves it to the processor, which raises "
    "its own exception",
)


WAITS = (
    "The guest waits at the call, with nothing changed: load the mended file, or answer with "
    "'hypercall mock {name} RETVAL', then 'continue'."
)
RESULT = "result"  # a call's single one


def from_here(path: Path) -> Path:
    """As a user would write it who stands above it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


@dataclass
class Mock(Intervener):
    """What is mocked at present. ``cpl()`` and ``upcall(vector)`` reach the stopped guest."""

    knowledge: Knowledge
    memory: PhysicalMemory
    cpl: Callable[[], int]
    upcall: Callable[[int], None]
    fixed: dict[CallId, int] = field(default_factory=dict)  # to RAX
    models: PythonModels = field(default_factory=PythonModels)
    replay: Replay | None = None
    acrn: PlayedAcrn | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.fixed or self.models.functions or self.replay or self.acrn)

    def entered(self, call: Call, event: Event) -> Intervention | None:
        try:
            return self._answer(call, event)
        except ModelError as error:
            return Intervention(stop=f"{error}\n{WAITS.format(name=event.name)}", again=True)

    def notices(self) -> Iterator[str]:
        yield from self.overrides()
        yield from (player.summary for player in (self.replay, self.acrn) if player)

    def last_notices(self) -> Iterator[str]:
        if self.replay and self.replay.left:
            yield self.replay.remainder

    def overrides(self) -> Iterator[str]:
        """The calls that are answered each in a way of its own."""
        name = self.knowledge.table.call_name
        for (abi, number), result in sorted(self.fixed.items()):
            yield f"{name(number, abi)} is answered with {result_words(result, abi)}"
        for (abi, number), (path, _) in sorted(self.models.functions.items()):
            yield f"{name(number, abi)} is modelled by {from_here(path)}"

    def rebooted(self) -> None:
        """The hypervisor begins anew with its guest; a recording goes on."""
        if self.acrn:
            self.acrn = self.acrn.rebooted()

    def _answer(self, call: Call, event: Event) -> Intervention | None:
        if call.id in self.fixed:
            return Intervention(
                answer=self.fixed[call.id] & MASK64, answered_by="mock", mocked=RESULT
            )
        memory = PendingMemory(self.memory)
        if call.id in self.models.functions:
            return self._by_model(call, event, memory)
        return self._by_the_rest(call, event, memory)

    def _by_model(self, call: Call, event: Event, memory: PendingMemory) -> Intervention:
        """A model that calls ``otherwise`` and then fails has not changed the played ACRN."""
        before = self.acrn.snapshot() if self.acrn else b""
        place = place_of(self.knowledge.types, memory, self.models.limit)
        entry = self.knowledge.table.numbered(call.number, call.abi.name)
        reasons: dict[int, Reason | None] = {}  # by answer: the model may pass one on

        def otherwise() -> int:
            intervention = self._by_the_rest(call, event, memory)
            if intervention is None or intervention.answer is None:
                raise LookupError("nothing else answers this call")
            seen.registers.changed.update(intervention.registers)
            reasons[intervention.answer] = intervention.reason
            return intervention.answer

        at_site = call.entry
        seen = ModelCall(entry, at_site.vcpu, call.abi, at_site.registers, place, otherwise)
        try:
            result = self.models.answer(seen)
        except ModelError:
            if self.acrn:
                self.acrn.restore(before)
            raise
        after = self._upcalls(seen.upcalls)
        intervention = Intervention(seen.registers.changed, memory.writes, result & MASK64, "mock")
        intervention.reason = reasons.get(intervention.answer)
        intervention.mocked = self.models.functions[call.id][0].name
        intervention.notes, intervention.after = seen.findings, after
        return intervention

    def _by_the_rest(self, call: Call, event: Event, memory: PendingMemory) -> Intervention | None:
        """The replay; where the recording has no answer, ACRN if it is played, or that there is no
        such call."""
        replayed = self.replay.answer(call, event, memory) if self.replay else None
        if replayed and (replayed.answer is not None or replayed.stop):
            return replayed
        is_acrns = self.acrn is not None and call.abi is self.acrn.abi
        intervention = self._by_acrn(call, memory) if is_acrns else None
        if replayed and intervention is None:
            no_such_call = errors_of(call.abi.name).no_such_call & MASK64
            intervention = Intervention(answer=no_such_call, answered_by="replay")
        if replayed and intervention:
            intervention.notes = replayed.notes + intervention.notes
        return intervention

    def _by_acrn(self, call: Call, memory: PendingMemory) -> Intervention | None:
        assert self.acrn
        answer = self.acrn.vmcall(call.entry.vcpu, self.cpl(), call.entry.registers, memory)
        if answer.outcome == RETURNED:
            return Intervention({}, memory.writes, answer.rax, "mock", answer.reason)
        return Intervention(notes=[RAISED_GP]) if answer.outcome == RAISES_GP else None

    def _upcalls(self, vectors: list[int | None]) -> Callable[[], None] | None:
        if not vectors:
            return None
        known = [self.callback_vector() if vector is None else vector for vector in vectors]
        return lambda: [self.upcall(vector) for vector in known] and None

    @property
    def cpuid(self) -> AcrnCpuid | None:
        """How the guest finds ACRN, if it is played, or was in what is replayed."""
        if self.acrn:
            return self.acrn.cpuid
        return self.replay.cpuid if self.replay else None

    def callback_vector(self) -> int:
        """The vector of upcalls: set_callback_vector's, as far as it was answered here."""
        return self.acrn.callback_vector if self.acrn else 0xF3
