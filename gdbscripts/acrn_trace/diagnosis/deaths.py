# SPDX-License-Identifier: BSD-3-Clause
"""Recognises how a kernel died: its oops, its panic, and the vCPUs that it stopped itself."""

from typing import Iterator

from acrn_trace.diagnosis.case import CERTAIN, PROBABLE, Diagnosis, VcpuState
from acrn_trace.diagnosis.kernel_ends import HALTED, OFFLINE, OOPSED, PANICKED, STOPPED, found_in
from acrn_trace.diagnosis.match import Match
from acrn_trace.diagnosis.oops import COUNTER, REGISTERS
from acrn_trace.diagnosis.standing import End

TOLD = 3  # places of a trail


def oops(diagnosis: Diagnosis) -> Iterator[Match]:
    """Linux killed a task for what it did in the kernel, or panicked for it."""
    found = diagnosis.oops
    if found is None:
        return
    evidence = [
        f"{REGISTERS}, where Linux keeps the registers of its first oops, has RIP "
        f"{found.frame.rip:#x} and RSP {found.frame.rsp:#x}"
    ]
    if found.count is not None:
        evidence.append(f"{COUNTER} is {found.count}")
    state = diagnosis.state_of(found.vcpu)
    end = found_in(state, OOPSED) if state else None
    if end:
        evidence += [f"on vCPU {found.vcpu} {clause}" for clause in _evidence(end)]
    where = "" if found.vcpu is None else f" on vCPU {found.vcpu}"
    yield Match({"oops": found.what, "where": where}, tuple(evidence), CERTAIN, found.vcpu)


def in_panic(diagnosis: Diagnosis) -> Iterator[Match]:
    """A vCPU in a function that kernels call panic."""
    for state, end in _ended(diagnosis, PANICKED):
        evidence = [*_evidence(end), *map(str, state.interrupted)]
        yield _match(state, end, evidence)


def stopped_by_another(diagnosis: Diagnosis) -> Iterator[Match]:
    """A vCPU where one goes that another asks to stop."""
    panicked = [state.number for state, _ in _ended(diagnosis, PANICKED)]
    for state, end in _ended(diagnosis, STOPPED):
        by = f"vCPU {panicked[0]}, which is in panic," if len(panicked) == 1 else "another vCPU"
        match = _match(state, end, _evidence(end))
        yield Match({**match.words, "by": by}, match.evidence, match.certainty, state.number)


def offline(diagnosis: Diagnosis) -> Iterator[Match]:
    """A vCPU that the kernel uses no more."""
    for state, end in _ended(diagnosis, OFFLINE):
        yield _match(state, end, _evidence(end))


def halted_on_request(diagnosis: Diagnosis) -> Iterator[Match]:
    """A vCPU that halted the machine since somebody asked the kernel to."""
    for state, end in _ended(diagnosis, HALTED):
        yield _match(state, end, _evidence(end))


def _ended(diagnosis: Diagnosis, how: str) -> Iterator[tuple[VcpuState, End]]:
    for state in diagnosis.vcpus:
        if state.end and state.end.how == how:
            yield state, state.end


def _evidence(end: End) -> list[str]:
    """Where the function is that tells, and who called it."""
    evidence = [f"RIP is in {end.trail[0]}"] if end.is_there else []
    on_stack = end.trail[1:] if end.is_there else end.trail
    if on_stack:
        evidence.append(f"the stack has {' <- '.join(map(str, on_stack[:TOLD]))} (a guess)")
    return evidence


def _match(state: VcpuState, end: End, evidence: list[str]) -> Match:
    words = {"vcpu": state.number, "place": state.place}
    certainty = CERTAIN if end.is_there else PROBABLE
    return Match(words, tuple(evidence), certainty, state.number)
