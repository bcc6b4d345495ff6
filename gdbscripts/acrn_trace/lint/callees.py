# SPDX-License-Identifier: BSD-3-Clause
"""Reads what a called function does to registers, where the image has its code."""

import re
from typing import Callable, Iterator

from acrn_trace.guest.psabi import CALLER_SAVED
from acrn_trace.lint.flow_graph import Function
from acrn_trace.lint.instructions import Copy, Instruction

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
        self._changes: dict[tuple[int, str], bool] = {}
        self._returns: dict[int, bool] = {}

    def name(self, address: int | None) -> str:
        return "a function" if address is None else self._name_of(address)

    def is_instrumentation(self, address: int | None) -> bool:
        return bool(_INSTRUMENTATION.match(self.name(address)))

    def changes(self, address: int | None, register: str, depth: int = 0) -> bool:
        """Whether calling the function at ``address`` (None: unknown) may change ``register``."""
        if register not in CALLER_SAVED:
            return False
        if address is None or depth > MAX_DEPTH:
            return True
        key = address, register
        if key not in self._changes:
            self._changes[key] = True  # for whoever asks again on the way: it calls itself
            self._changes[key] = self._reads_change(address, register, depth)
        return self._changes[key]

    def _reads_change(self, address: int, register: str, depth: int) -> bool:
        flow = self._readable(address)
        if flow is None:
            return not _KEEPS_ARGUMENTS.fullmatch(self.name(address))
        reached = list(self._reached(flow, depth))
        saves = any(flow.instruction(n).text == f"push {register}" for n in reached)
        for number in reached:
            kind, goal = flow.kind(number), flow.goal(number)
            if kind == "call" or flow.leaves(number):
                if self.returns(goal, depth + 1) and self.changes(goal, register, depth + 1):
                    return True
            elif kind == "hypercall" and register == "rax":
                return True
            elif not kind and register in flow.instruction(number).writes and not saves:
                return True
            if flow.falls_off(number):
                return True  # what it goes on in was not read
        return False

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
