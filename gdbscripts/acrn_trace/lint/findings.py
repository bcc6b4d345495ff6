# SPDX-License-Identifier: BSD-3-Clause
"""Names what a rule says about a site, and what all rules are given."""

from dataclasses import dataclass
from functools import cached_property
from typing import Iterator

from acrn_trace.guest.abi import Abi, main_abi
from acrn_trace.lint.callees import Callees
from acrn_trace.lint.flow_graph import ENTRY, Function
from acrn_trace.lint.instructions import is_fill
from acrn_trace.lint.origins import CALLERS, KNOWN, Origins, Value, Values, loaded
from acrn_trace.lint.program import Functions
from acrn_trace.lint.uses import uses
from acrn_trace.sites.decoder import instruction_text
from acrn_trace.tables.calls import Argument, CallTable, Entry
from acrn_trace.tables.knowledge import Knowledge

MAX_STUB = 8  # instructions


@dataclass(frozen=True)
class Found:
    """A finding: ``id`` is one of the catalog's. ``left``: of a register that is set in part the
    bits that are read and were not set, of which a call at the site shows what was in them."""

    id: str
    text: str
    left: tuple[str, int] | None = None  # register, mask


class Place:
    """One site in its function, and the questions that rules ask about it."""

    def __init__(
        self,
        functions: Functions,
        function: Function,
        number: int,
        knowledge: Knowledge,
        abi: Abi | None = None,
    ) -> None:
        self.functions = functions
        self.function = function
        self.number = number  # the hypercall's, in the function
        self.knowledge = knowledge
        self.abi = abi or main_abi()  # how the call is made
        self.origins: Origins = functions.origins(function)

    @property
    def callees(self) -> Callees:
        return self.functions.callees

    @property
    def table(self) -> CallTable:
        return self.knowledge.table

    def by(self, abi: Abi) -> "Place":
        """The same, for a call that is made as ``abi`` says."""
        return Place(self.functions, self.function, self.number, self.knowledge, abi)

    def entry_of(self, number: int) -> Entry | None:
        """The call of the number that its register holds."""
        return self.table.numbered(number & self.abi.number_mask, self.abi.name)

    @property
    def register(self) -> str:
        """That of the call's number."""
        return self.abi.number

    @cached_property
    def loaded(self) -> Values:
        """What is there."""
        return self.before(self.register)

    @cached_property
    def numbers(self) -> set[int]:
        """The numbers that it is known to hold here, on some path."""
        return self.numbers_at(self.number)

    def numbers_at(self, hypercall: int) -> set[int]:
        """The same of another hypercall of the function."""
        values = self.origins.before(hypercall, self.register)
        known = (v.number for v in values if v.kind == KNOWN and v.number is not None)
        return {number & self.abi.number_mask for number in known}

    @cached_property
    def next_numbers(self) -> set[int]:
        """The numbers of the call table that the function's other hypercalls are known to have."""
        function = self.function
        others = [n for n, k in function.kinds.items() if k == "hypercall" and n != self.number]
        numbers = {number for n in others for number in self.numbers_at(n)}
        return {number for number in numbers if self.entry_of(number)}

    @property
    def call_number(self) -> int | None:
        """The number, if it is known on every path and the same."""
        everywhere = all(value.kind == KNOWN for value in self.loaded)
        return next(iter(self.numbers)) if everywhere and len(self.numbers) == 1 else None

    @property
    def entry(self) -> Entry | None:
        number = self.call_number
        return None if number is None else self.entry_of(number)

    @property
    def arguments(self) -> Iterator[tuple[str, Argument]]:
        """Register and argument of the call, where it is known and in the table."""
        entry = self.entry
        return zip(self.abi.arguments, entry.arguments if entry else ())

    def before(self, register: str) -> Values:
        return self.origins.before(self.number, register)

    def known(self, register: str) -> list[int]:
        """The numbers that ``register`` holds, when nothing else can be in it."""
        values = self.before(register)
        numbers = [v.number for v in values if v.kind == KNOWN and v.number is not None]
        return numbers if len(numbers) == len(values) else []

    def loads(self, register: str) -> bool:
        """Whether the function itself sets ``register`` before the call."""
        return loaded(self.before(register), register)

    def means(self, register: str) -> bool:
        """Whether it does so for the call: nothing else uses what it puts there itself."""
        definitions = self.definitions(register)
        if not self.loads(register) or any(map(self.is_call, definitions)):
            return False
        return {u for n in definitions for u in self.uses(register, n)} <= {self.number}

    @cached_property
    def is_stub(self) -> bool:
        """Whether the function loads nothing before: its caller hands it every register."""
        function = self.function
        before = [n for n in range(self.number) if not is_fill(function.code_of(n))]
        return len(before) <= MAX_STUB and all(
            function.instruction(n).writes <= {"rsp", "rbp"} and not function.kind(n)
            for n in before
        )

    def passes_on(self, *registers: str) -> bool:
        """Whether these are what the function itself was called with."""
        return all(
            all(value == Value(CALLERS, register=name) for value in self.before(name))
            for name in registers
        )

    def callers(self) -> Iterator["Place"]:
        """Where the function is called from, by the code of the image."""
        for function, number in self.functions.callers(self.function):
            yield Place(self.functions, function, number, self.knowledge, self.abi)

    def at_call(self, number: int) -> "Place":
        """The place of another call in the same function."""
        return Place(self.functions, self.function, number, self.knowledge, self.abi)

    def definitions(self, register: str) -> list[int]:
        """The instructions that set ``register`` for this site; without what is not known."""
        found = self.origins.definitions(self.number, register) or set()
        return sorted(found - {ENTRY})

    def sets(self, register: str) -> bool:
        """Whether ``register`` is set for this call, as far as the order of the code tells: since
        the last call of a function before it, which loses what no function has to keep."""
        calls = [n for n, kind in self.function.kinds.items() if kind == "call"]
        last = max((n for n in calls if n < self.number), default=ENTRY)
        return any(last < n < self.number for n in self.definitions(register))

    def uses(self, register: str, number: int, hypercalls: bool = False) -> list[int]:
        """Those that may use what an instruction leaves in ``register``."""
        return uses(self.function, self.callees, register, number, hypercalls)

    def used_after(self, register: str) -> list[int]:
        """The instructions after the call that use what is in ``register`` then, for sure."""
        return uses(self.function, self.callees, register, self.number, certainly=True)

    def is_call(self, number: int) -> bool:
        return self.function.kind(number) == "call"

    def at(self, number: int) -> str:
        """An instruction, for people."""
        address = self.functions.shown(self.function.address(number))
        if self.is_call(number):
            return f"the call of {self.callee(number)} at {address}"
        return f"'{instruction_text(self.function.code_of(number))}' at {address}"

    def callee(self, number: int) -> str:
        return self.callees.name(self.function.goal(number))

    def left_by(self, value: Value) -> str:
        """Who left a lost value."""
        return self.at(value.where)
