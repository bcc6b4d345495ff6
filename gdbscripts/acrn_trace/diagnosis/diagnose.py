# SPDX-License-Identifier: BSD-3-Clause
"""Diagnoses a guest at rest: each step of it, and then every rule."""

from acrn_trace.at_rest.postmortem import HYPERVISOR
from acrn_trace.diagnosis.blind_spots import blind_spots
from acrn_trace.diagnosis.case import Case, Diagnosis, Recorded, VcpuState
from acrn_trace.diagnosis.oops import find_oops
from acrn_trace.diagnosis.places import Places, states_of
from acrn_trace.diagnosis.ring_calls import read_recorder
from acrn_trace.diagnosis.rules import RULES
from acrn_trace.trace.results import ResultChecker


def diagnose(case: Case) -> Diagnosis:
    """Examine a guest at rest. Nothing is read but the snapshot and the image."""
    diagnosis = Diagnosis(case)
    place_of = Places(case)
    diagnosis.vcpus = states_of(case, place_of)
    diagnosis.oops = find_oops(case, place_of, diagnosis.vcpus)
    diagnosis.recorder = read_recorder(case)
    if diagnosis.recorder:
        diagnosis.calls = diagnosis.recorder.calls()
        _explain_refusals(diagnosis)
        _find_in_flight(diagnosis)
    for rule in RULES:
        diagnosis.verdicts += rule.verdicts(diagnosis)
    diagnosis.unknown = list(blind_spots(diagnosis))
    return diagnosis


def _explain_refusals(diagnosis: Diagnosis) -> None:
    """Why ENOTTY was answered: it takes all calls before to tell which VMs there are."""
    knowledge = diagnosis.case.knowledge
    checker = ResultChecker(knowledge.table, knowledge.results, knowledge.explain)
    for call in diagnosis.calls:
        if call.event.status == "returned":
            found = [f for f in checker.check(call.event) if f.kind == "enotty"]
            call.event.findings = [*call.event.findings, *found]


def _find_in_flight(diagnosis: Diagnosis) -> None:
    """The call that each vCPU has in flight: its last, if that has not returned."""
    last: dict[int | None, Recorded] = {}
    for call in diagnosis.calls:
        last[call.event.vcpu] = call
    diagnosis.in_flight = [call for call in last.values() if call.in_flight]
    for call in diagnosis.in_flight:
        state = diagnosis.state_of(call.event.vcpu)
        if state is None and call.event.vcpu is None:
            state = _only_candidate(diagnosis)
        if state:
            state.in_flight = call


def _only_candidate(diagnosis: Diagnosis) -> VcpuState | None:
    """The vCPU of a call whose record does not say: the only one, or the only in the hypervisor."""
    inside = [state for state in diagnosis.vcpus if state.where == HYPERVISOR]
    for candidates in (diagnosis.vcpus, inside):
        if len(candidates) == 1:
            return candidates[0]
    return None
