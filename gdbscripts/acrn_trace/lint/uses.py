# SPDX-License-Identifier: BSD-3-Clause
"""Who uses the value of a register: asked forward, from the place that sets it."""

from acrn_trace.lint.callees import Callees
from acrn_trace.lint.function import Function

MAX_STEPS = 4096


def uses(
    flow: Function, callees: Callees, register: str, number: int, hypercalls: bool = False
) -> list[int]:
    """The instructions that read what instruction ``number`` leaves in ``register``.

    Hypercalls, which read R8, are among them if ``hypercalls`` says so. Saving a register is no use.
    """
    found, seen, work = [], set(), list(flow.successors(number))
    while work and len(seen) < MAX_STEPS:
        here = work.pop()
        if here in seen:
            continue
        seen.add(here)
        if _reads(flow, callees, register, here, hypercalls):
            found.append(here)
        if not _ends(flow, callees, register, here):
            work += flow.successors(here)
    return sorted(found)


def _reads(flow: Function, callees: Callees, register: str, here: int, hypercalls: bool) -> bool:
    instruction = flow.instruction(here)
    if instruction.flow == "hypercall":
        return hypercalls and register in ("r8", "rdi", "rsi")
    goal = flow.goal(here)
    leaves = instruction.flow == "jump" and goal is not None and flow.number_of(goal) is None
    if instruction.flow == "call" or leaves:
        return register in instruction.reads or callees.reads(goal, register)
    if instruction.flow == "return":
        return False
    return register in instruction.reads and not instruction.text.startswith("push")


def _ends(flow: Function, callees: Callees, register: str, here: int) -> bool:
    """Whether the value is gone after instruction ``here``."""
    instruction = flow.instruction(here)
    if instruction.flow == "call":
        return callees.changes(flow.goal(here), register)
    if instruction.flow == "hypercall":
        return register == "rax"
    return register in instruction.writes and not instruction.maybe
