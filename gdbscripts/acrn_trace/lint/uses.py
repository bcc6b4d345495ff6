# SPDX-License-Identifier: BSD-3-Clause
"""Finds who uses the value of a register, forward from the place that sets it."""

from acrn_trace.lint.callees import Callees
from acrn_trace.lint.flow_graph import Function

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

    Hypercalls, which read their number and arguments, are among them if ``hypercalls`` says so.
    Saving a register on the stack is no use. ``certainly``: only those that are reached for sure.
    """
    found, seen, work = [], set(), list(flow.successors(number, certainly))
    while work and len(seen) < MAX_STEPS:
        here = work.pop()
        if here in seen:
            continue
        seen.add(here)
        reads, ends = _effect(flow, callees, register, here)
        if reads or (hypercalls and register != "rax" and flow.kind(here) == "hypercall"):
            found.append(here)
        if not ends:
            work += flow.successors(here, certainly)
    return sorted(found)


def _effect(flow: Function, callees: Callees, register: str, here: int) -> tuple[bool, bool]:
    """Whether an instruction uses what is in ``register``, and whether that is gone after it."""
    kind = flow.kind(here)
    if kind:
        return _effect_of_steering(flow, callees, register, here, kind)
    if not flow.can_name(here, register):
        return False, False
    instruction = flow.instruction(here)
    reads = register in instruction.reads and not instruction.text.startswith("push")
    return reads, register in instruction.writes and not instruction.maybe


def _effect_of_steering(
    flow: Function, callees: Callees, register: str, here: int, kind: str
) -> tuple[bool, bool]:
    if kind in ("hypercall", "return"):
        return False, kind == "hypercall" and register == "rax"
    goal = flow.goal(here)
    ends = kind == "call" and callees.changes(goal, register)
    if goal is None or register == "rcx":  # of LOOP and JRCXZ
        instruction = flow.instruction(here)
        return register in instruction.reads, ends or register in instruction.writes
    leaves = kind == "jump" and flow.number_of(goal) is None
    return (kind == "call" or leaves) and callees.reads(goal, register), ends
