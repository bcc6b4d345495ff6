# SPDX-License-Identifier: BSD-3-Clause
"""Tampers with calls by rules: results, delays, registers and memory (docs/inject.md)."""

from acrn_trace.act.inject_grammar import Rule
from acrn_trace.act.inject_poke import Pending, Place, Places, poke, value_for
from acrn_trace.guest.memory import PhysicalMemory, Unreadable
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.trace.event import Event
from acrn_trace.trace.intervener import INJECTS, Intervener, Intervention
from acrn_trace.trace.marks import mark
from acrn_trace.trace.pairing import Call
from acrn_trace.trace.trees import REDACTED

MAX_REMEMBERED = 1 << 16  # calls that may still return


class Injector(Intervener):
    """Follows its rules, each of which counts the calls that it selects; the first answer wins."""

    rank = INJECTS

    def __init__(self, knowledge: Knowledge, memory: PhysicalMemory) -> None:
        self._knowledge = knowledge
        self._memory = memory
        self._places = Places(knowledge)
        self.rules: list[Rule] = []
        self._due: dict[int, list[Rule]] = {}  # by seq: the rules that have something at the exit

    def entered(self, call: Call, event: Event) -> Intervention | None:
        due = [rule for rule in self.rules if self._counts(rule, event)]
        if not due:
            return None
        if len(self._due) >= MAX_REMEMBERED:
            self._due.clear()
        self._due[call.seq] = due
        intervention = Intervention()
        registers = dict(call.entry.registers)
        for rule in due:
            self._delay(intervention, "delay_enter", rule.delay_enter, event)
            if rule.answer is not None and intervention.answer is None:
                intervention.answer, intervention.answered_by = rule.answer, "inject"
                mark(event, rule.answers_with)
        pokes = [pair for rule in due for pair in rule.poke_enter]
        self._poke(intervention, "poke_enter", pokes, registers, event)
        return intervention

    def returned(self, call: Call, event: Event) -> Intervention | None:
        due = self._due.pop(call.seq, [])
        assert call.exit
        intervention = Intervention()
        for rule in due:
            self._delay(intervention, "delay_exit", rule.delay_exit, event)
        pokes = [pair for rule in due for pair in rule.poke_exit]
        self._poke(intervention, "poke_exit", pokes, dict(call.exit.registers), event)
        return intervention if due else None

    @staticmethod
    def _counts(rule: Rule, event: Event) -> bool:
        """Whether the rule is for this call, which it counts."""
        if not rule.calls.has(event.id, event.name):
            return False
        rule.count += 1
        return rule.when.has(rule.count)

    @staticmethod
    def _delay(intervention: Intervention, name: str, seconds: float, event: Event) -> None:
        if seconds:
            intervention.delay += seconds
            mark(event, f"{name}={seconds * 1e6:.6g}us")

    def _poke(
        self,
        intervention: Intervention,
        kind: str,
        pokes: list[tuple[str, str]],
        registers: dict[str, int],
        event: Event,
    ) -> None:
        """Change what the pokes say, each on top of those before it."""
        before, memory = dict(registers), Pending(self._memory)
        for path, text in pokes:
            self._one(kind, path, text, registers, memory, event)
        intervention.memory = memory.writes
        intervention.registers = {name: v for name, v in registers.items() if v != before[name]}

    def _one(
        self,
        kind: str,
        path: str,
        text: str,
        registers: dict[str, int],
        memory: Pending,
        event: Event,
    ) -> None:
        entry = self._knowledge.table.numbered(event.nr, event.abi)
        place = self._places.find(path, entry, event.name)
        value = value_for(text, place, self._knowledge.types)
        try:
            is_shown = self._places.may_be_shown(place, registers, memory)
            old, new = poke(place, value, registers, memory)
        except Unreadable as why:
            mark(event, f"unpoked {path}: {why}")
            return
        before = _shown(old, place) if is_shown else REDACTED
        mark(event, f"{kind} {path}: {before} => {_shown(new, place)}")


def _shown(number: int, place: Place) -> str:
    return hex(number) if place.bit_size > 32 else str(number)
