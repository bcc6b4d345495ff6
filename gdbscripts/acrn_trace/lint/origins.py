# SPDX-License-Identifier: BSD-3-Clause
"""Finds where the value of a register comes from, backward from the place that needs it.

Only what the question touches is looked at, each step at most once, so that the cost is bounded by
the function's size however it loops.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Callable, Container, Iterable, Protocol

from acrn_trace.guest.abi import GENERAL_REGISTERS, MASK64
from acrn_trace.lint.flow_graph import ENTRY, Function
from acrn_trace.lint.instructions import Address, Constant, Copy, Formula, Load, Moved, Slot, Sum

MAX_STEPS = 4096  # of one question
MAX_VALUES = 8
MAX_DEPTH = 24
FRAME = ("rsp", "rbp")
GENERAL = frozenset(GENERAL_REGISTERS)

KNOWN, CALLERS, LOST, UNSET = "known", "callers", "lost", "unset"
RESULT, STACK, MOVED, SOME = "result", "stack", "moved", "some"


@dataclass(frozen=True)
class Value:
    """What a register may hold: ``kind`` is

    known    ``number``; ``wide`` is what it was before a 32-bit copy cut it
    callers  what ``register`` held when the function began
    lost     what the call at ``where`` left in a register that it may change
    unset    what memory of the stack frame held that nothing was stored to
    result   RAX, after the hypercall at ``where``
    stack    the stack pointer's value at ``where`` (where it is aligned, or ENTRY) + ``place``
    moved    such a place's address plus or minus what the code does not tell: its physical address
    some     anything else, such as what memory held
    """

    kind: str
    where: int = ENTRY
    number: int | None = None
    wide: int | None = None
    register: str | None = None
    place: int = 0

    @property
    def stack(self) -> bool:
        return self.kind == STACK


@dataclass(frozen=True)
class Place:
    """``size`` bytes of a stack frame; ``frame`` tells one from another, as Value.where does."""

    frame: int
    offset: int
    size: int

    def overlaps(self, other: "Place") -> bool:
        return self.offset < other.offset + other.size and other.offset < self.offset + self.size


Values = frozenset[Value]
ANY: Values = frozenset({Value(SOME)})


class Calls(Protocol):
    """What calls of functions do."""

    def changed_by(self, flow: Function, origins: "Origins", number: int, register: str) -> bool:
        """Whether the call at ``number`` may change ``register``."""

    def hands_back(self, address: int | None, register: str) -> Values | None:
        """What the function at ``address`` sets ``register`` to on purpose; None: nothing."""


class Origins:
    """Answers for one function."""

    def __init__(self, flow: Function, calls: Calls, reached: Container[int] | None = None) -> None:
        """``reached``: the instructions that can run, where that is known."""
        self._flow = flow
        self._reached = reached
        self._calls = calls
        self._known: dict[tuple[int, str], Values] = {}
        self._definitions: dict[tuple[int, str], set[int] | None] = {}

    def before(self, number: int, register: str, depth: int = 0) -> Values:
        """What ``register`` may hold when instruction ``number`` begins."""
        key = number, register
        if key not in self._known:
            self._known[key] = ANY  # to whoever asks again on the way, which is a loop
            sources = self.definitions(number, register)
            self._known[key] = self._union(sources, register, depth)
        return self._known[key]

    def _union(self, sources: set[int] | None, register: str, depth: int) -> Values:
        if sources is None or depth > MAX_DEPTH:
            return ANY
        found: set[Value] = set()
        for source in sources:
            found |= self.after(source, register, depth)
            if len(found) > MAX_VALUES:
                return ANY
        return frozenset(found)

    def after(self, source: int, register: str, depth: int = 0) -> Values:
        """What the definition ``source`` leaves in ``register``."""
        if source == ENTRY:
            stack = register == "rsp"
            return frozenset({Value(STACK if stack else CALLERS, register=register)})
        kind, instruction = self._flow.kind(source), self._flow.instruction(source)
        if kind == "call":
            return self._after_call(source, register)
        if kind == "hypercall":
            return frozenset({Value(RESULT, source)})
        if register == "rsp" and instruction.pops:
            return self.value(Sum("rsp", "add", 8, 64), source, depth)
        if instruction.target != register or instruction.formula is None:
            return frozenset({Value(SOME, source)})
        return self.value(instruction.formula, source, depth)

    def _after_call(self, source: int, register: str) -> Values:
        handed = self._calls.hands_back(self._flow.goal(source), register)
        if handed is None:
            lost = SOME if register == "rax" else LOST
            return frozenset({Value(lost, source, register=register)})
        return frozenset(
            replace(v, where=source) if v.kind == KNOWN else Value(SOME, source) for v in handed
        )

    def definitions(self, number: int, register: str) -> set[int] | None:
        """The instructions (or ENTRY) that last set ``register`` before ``number``, if known."""
        key = number, register
        if key not in self._definitions:
            found = self._walk(number, lambda source: self._sets(source, register))
            self._definitions[key] = found
        return self._definitions[key]

    def is_spent(self, number: int, register: str) -> bool:
        """Whether on every way to ``number``, since ``register`` was set, a hypercall was made or a
        called function lost it."""
        flow = self._flow

        def asked(source: int) -> str:
            return "yes" if flow.kind(source) == "hypercall" else self._sets(source, register)

        found = self._walk(number, asked)
        uses = ("hypercall", "call")
        return bool(found) and all(one != ENTRY and flow.kind(one) in uses for one in found)

    def _sets(self, source: int, register: str) -> str:
        kind = self._flow.kinds.get(source)
        if kind is None and not self._flow.can_write(source, register):
            return "no"
        if kind == "call":
            changed = self._calls.changed_by(self._flow, self, source, register)
            return "yes" if changed else "no"
        if kind == "hypercall":
            return "yes" if register == "rax" else "no"
        if kind is not None and register not in ("rcx", "rsp"):  # of LOOP, of RET
            return "no"
        instruction = self._flow.instruction(source)
        if register not in instruction.writes:
            return "no"
        return "maybe" if instruction.maybe else "yes"

    def _walk(self, number: int, asked: Callable[[int], str]) -> set[int] | None:
        """Backward to every instruction for which the answer is yes (maybe: and beyond it)."""
        found, seen, work = set(), set(), [number]
        flow = self._flow
        while work:
            number = work.pop()
            for source in flow.predecessors(number):
                if source in seen or not self._can_run(source):
                    continue
                seen.add(source)
                if source < ENTRY or len(seen) > MAX_STEPS:
                    return None
                answer = "yes" if source == ENTRY else asked(source)
                if answer == "unknown":
                    return None
                if answer != "no":
                    found.add(source)
                if answer != "yes":
                    work.append(source)
        return found

    def _can_run(self, number: int) -> bool:
        return number < 0 or self._reached is None or number in self._reached

    def value(self, formula: Formula, number: int, depth: int) -> Values:
        """What ``formula`` is when instruction ``number`` begins."""
        if isinstance(formula, Constant):
            return frozenset({Value(KNOWN, number, formula.number)})
        if isinstance(formula, Copy):
            return self._each(formula.register, number, depth, lambda v: _copied(v, formula))
        if isinstance(formula, Sum):
            if formula.operator == "and" and formula.register == "rsp":
                return frozenset({Value(STACK, number)})
            return self._each(formula.register, number, depth, lambda v: _summed(v, formula))
        if isinstance(formula, Load):
            return self._loaded(formula, number, depth)
        if isinstance(formula, Moved):
            return self._moved(formula, number, depth)
        place = Sum(formula.slot.base, "add", formula.slot.offset & MASK64, 64)
        return ANY if place.register == "rip" else self.value(place, number, depth)

    def _each(
        self, register: str, number: int, depth: int, change: Callable[[Value], Value]
    ) -> Values:
        return frozenset(change(value) for value in self.before(number, register, depth + 1))

    def _moved(self, formula: Moved, number: int, depth: int) -> Values:
        first = self.before(number, formula.register, depth + 1)
        other = self.before(number, formula.other, depth + 1) if formula.other else ANY
        for values, by in ((first, other), (other, first)):
            one, step = next(iter(values), None), next(iter(by), None)
            if len(values) == 1 and one.kind in (STACK, MOVED):
                known = step.number if len(by) == 1 and step.kind == KNOWN else 0
                place = _signed(one.place + (-known if formula.minus else known))
                return frozenset({replace(one, kind=MOVED, place=place)})
            if formula.minus:
                break
        return frozenset({Value(SOME, number)})

    def place(self, number: int, slot: Slot, depth: int = 0) -> Place | None:
        """Where in the stack frame ``slot`` is at instruction ``number``, if it is there."""
        base = self.before(number, slot.base, depth + 1) if slot.base in GENERAL else ANY
        if len(base) != 1:
            return None
        value = next(iter(base))
        return Place(value.where, value.place + slot.offset, slot.size) if value.stack else None

    def _loaded(self, formula: Load, number: int, depth: int) -> Values:
        """What a slot of the stack frame holds: what was stored there last."""
        place, unknown = self.place(number, formula.slot, depth), frozenset({Value(SOME, number)})
        if place is None:
            return unknown
        stores = self._walk(number, lambda source: self._stores(source, place, depth))
        if stores is None or (self._may_escape(place) and not self._is_saved(number, stores)):
            return unknown
        found: set[Value] = set()
        for store in stores:
            if store == ENTRY:
                found |= {_unset(place, number)}
                continue
            stored = self._flow.instruction(store).stored
            found |= self.value(stored, store, depth + 1) if stored else ANY
        copy = Copy("", place.size * 8, formula.signed)
        return frozenset(_copied(value, copy) for value in found)

    def last_stores(self, number: int, place: Place) -> set[int] | None:
        """What wrote to ``place`` last before ``number``, if known; calls write below RSP."""

        def asked(source: int) -> str:
            if self._flow.kind(source) != "call":
                return self._stores(source, place, 0)
            stack = self.place(source, Slot("rsp", 0, 8))
            return "yes" if stack and place.offset < stack.offset else "no"

        return self._walk(number, asked)

    def _is_saved(self, number: int, stores: set[int]) -> bool:
        """Whether a POP takes back what a PUSH put aside: no pointer leads there."""
        pushed = all(n >= 0 and self._flow.instruction(n).pushes for n in stores)
        return bool(stores) and pushed and self._flow.instruction(number).pops

    def _stores(self, source: int, wanted: Place, depth: int) -> str:
        slot = self._flow.instruction(source).place
        place = self.place(source, slot, depth) if slot and slot.base in FRAME else None
        if place is None or place.frame != wanted.frame or not place.overlaps(wanted):
            return "no"
        same = place.offset == wanted.offset and place.size >= wanted.size
        return "yes" if same else "unknown"

    def _may_escape(self, place: Place) -> bool:
        """Whether another register may point to it: its address is taken, or a lower one.

        Lower, since a structure goes up from the address that is taken of it.
        """
        return any(
            taken.frame != place.frame or taken.offset <= place.offset for taken in self.taken
        )

    @cached_property
    def taken(self) -> list[Place]:
        """The places of the frame whose addresses are taken."""
        found = []
        for number in range(len(self._flow)):
            instruction = self._flow.instruction(number)
            if instruction.target in FRAME:
                continue
            slot = _taken_by(instruction.formula)
            place = self.place(number, slot) if slot else None
            if place:
                found.append(place)
        return found


def _taken_by(formula: Formula | None) -> Slot | None:
    """The place of the frame whose address ``formula`` makes, with or without more put to it."""
    if isinstance(formula, Address):
        return formula.slot if formula.slot.base in FRAME else None
    if isinstance(formula, Copy) and formula.bits == 64:
        registers = [formula.register]
    elif isinstance(formula, Moved):
        registers = [formula.register, formula.other]
    else:
        return None
    return next((Slot(register, 0, 8) for register in registers if register in FRAME), None)


def _unset(place: Place, number: int) -> Value:
    """What nothing was stored to: above the function's frame is its caller's."""
    own = place.frame == ENTRY and place.offset < 0
    return Value(UNSET if own else SOME, number)


def _copied(value: Value, copy: Copy) -> Value:
    if value.kind == KNOWN and value.number is not None:
        return _cut(value, copy)
    if copy.bits == 64 or value.kind in (LOST, UNSET):
        return value
    return Value(SOME, value.where)


def _cut(value: Value, copy: Copy) -> Value:
    """A known number in fewer bits."""
    number = value.number & (1 << copy.bits) - 1
    if copy.signed and number >> copy.bits - 1:
        number |= MASK64 & ~((1 << copy.bits) - 1)
    lossless = number == value.number or value.number >> 31 == (1 << 33) - 1
    return replace(value, number=number, wide=value.wide if lossless else value.number)


def _signed(number: int) -> int:
    return (number + (1 << 63) & MASK64) - (1 << 63)


_OPERATORS: dict[str, Callable[[int, int], int]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
    "shl": lambda a, b: a << (b & 63),
    "shr": lambda a, b: a >> (b & 63),
}


def _summed(value: Value, formula: Sum) -> Value:
    operator, mask = _OPERATORS[formula.operator], (1 << formula.bits) - 1
    if value.kind == KNOWN and value.number is not None:
        number = operator(value.number & mask, formula.number & mask) & mask
        return Value(KNOWN, value.where, number)
    if value.kind in (STACK, MOVED) and formula.operator in ("add", "sub") and formula.bits == 64:
        return replace(value, place=_signed(operator(value.place, formula.number)))
    if value.kind in (STACK, MOVED, LOST, CALLERS, RESULT) and formula.number == 0:
        return value
    return Value(SOME, value.where)


def loaded(values: Iterable[Value], register: str) -> bool:
    """Whether any of ``values`` was put in ``register`` by the code."""
    none = (LOST, CALLERS)
    return any(v.kind != UNSET and (v.kind not in none or v.register != register) for v in values)
