# SPDX-License-Identifier: BSD-3-Clause
"""Who uses the value of a register: asked forward, from the place that sets it."""

from acrn_trace.lint.callees import Callees
from acrn_trace.lint.function import Function

MAX_STEPS = 4096


def uses(
    flow: Function,
    callees: Callees,
    register: str,
    number: int,
    hypercalls: bool = False,
    certainly: bool = False,
) -> list[int]:
    """The instructions that read what instruction ``number`` leaves in ``register``.

    Hypercalls, which read R8, are among them if ``hypercalls`` says so. Saving a register on the
    stack is no use. ``certainly``: only those that are reached for sure.
    """
    found, seen, work = [], set(), list(flow.successors(number, certainly))
    while work and len(seen) < MAX_STEPS:
        here = work.pop()
        if here in seen:
            continue
        seen.add(here)
        if _reads(flow, callees, register, here, hypercalls):
            found.append(here)
        if not _ends(flow, callees, register, here):
            work += flow.successors(here, certainly)
    return sorted(found)


def _reads(flow: Function, callees: Callees, register: str, here: int, hypercalls: bool) -> bool:
    kind = flow.kind(here)
    if kind == "hypercall":
        return hypercalls and register in ("r8", "rdi", "rsi")
    if kind == "return" or not flow.can_name(here, register) and kind not in ("call", "jump"):
        return False
    goal = flow.goal(here)
    leaves = kind == "jump" and goal is not None and flow.number_of(goal) is None
    if (kind == "call" and goal is not None) or leaves:
        return callees.reads(goal, register)
    if goal is not None and register != "rcx":  # of LOOP and JRCXZ
        return False
    instruction = flow.instruction(here)
    return register in instruction.reads and not instruction.text.startswith("push")


def _ends(flow: Function, callees: Callees, register: str, here: int) -> bool:
    """Whether the value is gone after instruction ``here``."""
    kind = flow.kind(here)
    if kind == "call":
        return callees.changes(flow.goal(here), register)
    if kind == "hypercall":
        return register == "rax"
    if kind and register != "rcx" or not flow.can_name(here, register):
        return False
    instruction = flow.instruction(here)
    return register in instruction.writes and not instruction.maybe
