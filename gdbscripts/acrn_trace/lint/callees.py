# SPDX-License-Identifier: BSD-3-Clause
"""Reads what a called function does to registers, where the image has its code."""

import re
from typing import Callable, Iterator

from acrn_trace.guest.psabi import CALLER_SAVED, MICROSOFT_KEPT
from acrn_trace.lint.flow_graph import Function
from acrn_trace.lint.instructions import Copy, Instruction
from acrn_trace.lint.microsoft import is_microsoft_call
from acrn_trace.lint.origins import CALLERS, LOST, SOME, Origins, Value, Values

MAX_INSTRUCTIONS = 400  # of a callee that is read; a longer one changes what it may
MAX_DEPTH = 3  # of callees of callees

# Instrumentation that compilers put in (gcc's and clang's manuals): -fsanitize=, -pg, --coverage,
# -finstrument-functions, -fsanitize-coverage=, -fprofile-instr-generate.
_INSTRUMENTATION = re.compile(
    r"__(asan|kasan|hwasan|tsan|kcsan|msan|kmsan|ubsan|sanitizer|gcov|llvm_(profile|gcov)|xray)_"
    r"|__cyg_profile_func_(enter|exit)|_*fentry__|_?_?mcount|__stack_chk_fail"
)
# ftrace's, which keep every register that can hold an argument, whoever supplies them.
_KEEPS_ARGUMENTS = re.compile(r"__fentry__|_?_?mcount")
# What clang moves out of functions that have it in common: a part of each.
OUTLINED = re.compile(r"OUTLINED_FUNCTION_\w+(\.\w+)*")
_NO_RETURN = re.compile(
    r"__stack_chk_fail|panic|abort|__assert_fail|__asan_report_\w*(?<!_noabort)"
    r"|__ubsan_handle_\w*(_abort|unreachable)|__fortify_fail|fortify_panic|do_exit|_?exit"
)


class Callees:
    """Answers about the functions of one image.

    ``function_at`` gives the flow of the function that begins at an address, or None; ``name_of``
    its name.
    """

    def __init__(
        self, function_at: Callable[[int], Function | None], name_of: Callable[[int], str]
    ) -> None:
        self._function_at = function_at
        self._name_of = name_of
        self._left: dict[tuple[int, str], Values | None] = {}
        self._depth = 0  # of callees of callees, at present
        self._returns: dict[int, bool] = {}

    def name(self, address: int | None) -> str:
        return "a function" if address is None else self._name_of(address)

    def is_instrumentation(self, address: int | None) -> bool:
        return bool(_INSTRUMENTATION.match(self.name(address)))

    def changed_by(self, flow: Function, origins: Origins, number: int, register: str) -> bool:
        """Whether the call at ``number`` of ``flow`` may change ``register``."""
        if not self.changes(flow.goal(number), register):
            return False
        return register not in MICROSOFT_KEPT or not is_microsoft_call(flow, origins, number)

    def changes(self, address: int | None, register: str) -> bool:
        """Whether calling the function at ``address`` (None: unknown) may change ``register``."""
        if register not in CALLER_SAVED:
            return False
        if address is None:
            return True
        left = self.leaves(address, register)
        if left is None:
            return not _KEEPS_ARGUMENTS.fullmatch(self.name(address))
        others = {v for v in left if v.kind != CALLERS or v.register != register}
        if not others or any(v.kind not in (LOST, SOME) for v in others):
            return bool(others)
        return not self._may_keep(address, others)

    def _may_keep(self, address: int, others: set[Value]) -> bool:
        """Whether a register of which the code does not tell is kept, for all that is known.

        So ftrace's do it, and what saves other registers that it need not save: an assembly stub,
        whose own callee nobody sees.
        """
        if _KEEPS_ARGUMENTS.fullmatch(self.name(address)):
            return True
        flow = self._readable(address)
        if flow is None or any(v.kind != LOST or flow.goal(v.where) is not None for v in others):
            return False
        return any(self._is_saved_by(flow, address, register) for register in CALLER_SAVED)

    def _is_saved_by(self, flow: Function, address: int, register: str) -> bool:
        pops = any(flow.instruction(n).text == f"pop {register}" for n in range(len(flow)))
        return pops and not self.changes(address, register)

    def hands_back(self, address: int | None, register: str) -> Values | None:
        """What the function at ``address`` sets ``register`` to on purpose; None: nothing."""
        if address is None or not self._is_outlined(address):
            return None
        left = self.leaves(address, register)
        return None if left is None or any(v.kind == LOST for v in left) else left

    def _is_outlined(self, address: int) -> bool:
        """Whether it is a part of other functions: clang's, or what only sets registers, of which
        a function's caller by convention would see nothing: RAX is none of them."""
        if OUTLINED.fullmatch(self.name(address)):
            return True
        flow = self._readable(address)
        if flow is None or self.is_instrumentation(address):
            return False
        reached = list(self._reached(flow, self._depth))
        steps = [flow.instruction(n) for n in reached if flow.kind(n) != "return"]
        return (
            all(flow.kind(n) in ("", "return") for n in reached)
            and not any(step.stores for step in steps)
            and not any(step.writes & {"rax", "rsp"} for step in steps)
        )

    def leaves(self, address: int, register: str) -> Values | None:
        """What ``register`` holds where the function at ``address`` returns; None: not known.

        ``CALLERS`` is what it held when the function was called.
        """
        key = address, register
        if key not in self._left and self._depth <= MAX_DEPTH:
            self._left[key] = None  # to whoever asks again on the way: it calls itself
            self._depth += 1
            self._left[key] = self._reads_left(address, register)
            self._depth -= 1
        return self._left.get(key)

    def _reads_left(self, address: int, register: str) -> Values | None:
        flow = self._readable(address)
        if flow is None:
            return None
        reached = frozenset(self._reached(flow, self._depth))
        origins, left = Origins(flow, self, reached), set()
        for number in reached:
            if flow.falls_off(number):
                return None  # what it goes on in was not read
            if flow.kind(number) == "return":
                left |= origins.before(number, register)
            elif flow.leaves(number) and self.returns(flow.goal(number), self._depth):
                is_lost = self.changes(flow.goal(number), register)
                lost = frozenset({Value(LOST, number, register=register)})
                left |= lost if is_lost else origins.before(number, register)
        return frozenset(left)

    def returns(self, address: int | None, depth: int = 0) -> bool:
        """Whether a call of the function at ``address`` can come back."""
        if address is None or depth > MAX_DEPTH:
            return True
        if address not in self._returns:
            self._returns[address] = True
            self._returns[address] = self._reads_return(address, depth)
        return self._returns[address]

    def _reads_return(self, address: int, depth: int) -> bool:
        if _NO_RETURN.fullmatch(self.name(address)):
            return False
        flow = self._readable(address)
        if flow is None:
            return True
        for number in self._reached(flow, depth):
            if flow.kind(number) == "return" or flow.falls_off(number):
                return True
            if flow.leaves(number) and self.returns(flow.goal(number), depth + 1):
                return True
        return False

    def reads(self, address: int | None, register: str) -> bool:
        """Whether the function is seen to use what ``register`` holds when it is called."""
        flow = None if address is None else self._readable(address)
        if flow is None or self.is_instrumentation(address):
            return False
        for number in _reached(flow, lambda n: _is_lost(flow, n, register)):
            instruction = flow.instruction(number)
            if register in instruction.reads and not _saves(instruction, register):
                return True
        return False

    def _readable(self, address: int) -> Function | None:
        flow = self._function_at(address)
        return flow if flow is not None and len(flow) <= MAX_INSTRUCTIONS else None

    def _reached(self, flow: Function, depth: int) -> Iterator[int]:
        """The instructions that can run from the function's first."""

        def is_last(number: int) -> bool:
            is_call = flow.kind(number) == "call"
            return is_call and not self.returns(flow.goal(number), depth + 1)

        return _reached(flow, is_last)


def _reached(flow: Function, is_last: Callable[[int], bool]) -> Iterator[int]:
    """The instructions from the first on, each once, and up to such as nobody looks behind."""
    seen, work = set(), [0]
    while work:
        number = work.pop()
        if number in seen:
            continue
        seen.add(number)
        yield number
        if not is_last(number):
            work += flow.successors(number)


def _is_lost(flow: Function, number: int, register: str) -> bool:
    """Whether the register has something else behind the instruction, for all that is known."""
    return flow.kind(number) == "call" or register in flow.instruction(number).writes


def _saves(instruction: Instruction, register: str) -> bool:
    """Whether it only puts the register aside, as functions do whose arguments vary in number."""
    place, stored = instruction.place, instruction.stored
    return bool(place) and place.base in ("rsp", "rbp") and stored == Copy(register, 64)
