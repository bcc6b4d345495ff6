# SPDX-License-Identifier: BSD-3-Clause
"""Writes how the page begins: what the kernel died of, the vCPU to look at first, and why."""

from typing import Iterator

from acrn_trace.at_rest.vcpu_choice import chosen_vcpu
from acrn_trace.diagnosis.case import Diagnosis, VcpuState
from acrn_trace.diagnosis.kernel_ends import (
    ENDS,
    HALTED,
    OFFLINE,
    OOPSED,
    PANICKED,
    STOPPED,
    function_of,
)
from acrn_trace.diagnosis.standing import End

ASIDE = (STOPPED, OFFLINE)  # such vCPUs are where another one sent them


def opening(diagnosis: Diagnosis) -> Iterator[str]:
    """The sentences that the page begins with."""
    first, why = first_look(diagnosis)
    ended = _died(diagnosis)
    if diagnosis.oops and ended is None:
        yield f"Linux had an oops: {diagnosis.oops.what}; on which vCPU is not known."
    if first is not None and len(diagnosis.vcpus) > 1:
        yield f"Look at vCPU {first} first: {why}."
    elif ended:
        yield f"{why}."


def first_look(diagnosis: Diagnosis) -> tuple[int | None, str]:
    """The vCPU to look at first and the evidence, a sentence without its full stop.

    One that died comes before all others, one that another only stopped comes after them.
    """
    died = _died(diagnosis)
    if died:
        return died[0].number, _why(diagnosis, *died)
    aside = {state.number for state in diagnosis.vcpus if state.end and state.end.how in ASIDE}
    case = diagnosis.case
    levels = {number: level for number, level in case.levels.items() if number not in aside}
    return chosen_vcpu(case.found.snapshot, levels or case.levels, case.ring)


def _died(diagnosis: Diagnosis) -> tuple[VcpuState, End] | None:
    """The vCPU on which the kernel came to its end, and how."""
    for how in (PANICKED, OOPSED, HALTED):
        for state in diagnosis.vcpus:
            if state.end and state.end.how == how:
                return state, state.end
    return None


def _why(diagnosis: Diagnosis, state: VcpuState, end: End) -> str:
    if end.how == HALTED:
        return f"vCPU {state.number} halted the machine, as it was asked to"
    what = "is in panic" if end.how == PANICKED else "dies"
    if diagnosis.oops:
        return f"vCPU {state.number} {what} after an oops: {diagnosis.oops.what}"
    outside = [place for place in end.trail if function_of(place) not in ENDS[end.how]]
    called = f", called by {outside[0]} (a guess)" if outside else ""
    return f"vCPU {state.number} {what}{' of an oops' * (end.how == OOPSED)}{called}"
