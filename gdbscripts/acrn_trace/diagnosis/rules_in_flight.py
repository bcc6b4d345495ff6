# SPDX-License-Identifier: BSD-3-Clause
"""Recognises calls that have not returned: hung, asleep, faulted, or left behind."""

from dataclasses import dataclass, replace
from typing import Iterator

from acrn_trace.at_rest.postmortem import FIRMWARE, HYPERVISOR, UNKNOWN
from acrn_trace.diagnosis.case import CERTAIN, PROBABLE, Diagnosis, Recorded, VcpuState
from acrn_trace.diagnosis.in_flight import changed_since
from acrn_trace.diagnosis.match import Match, at_least, called, record_of
from acrn_trace.diagnosis.standing import Interrupted, Oops
from acrn_trace.guest.abi import hypercall_at

MAX_CHANGES = 4
MAX_VALUE = 60  # characters


def never_returned(diagnosis: Diagnosis) -> Iterator[Match]:
    """The first call that the hypervisor has kept; it waits for nobody that the rings know."""
    for state, call in _kept_by_hypervisor(diagnosis)[:1]:
        yield _kept(diagnosis, state, call)


def waits_behind(diagnosis: Diagnosis) -> Iterator[Match]:
    """The calls that came to the hypervisor while the first was there."""
    kept = _kept_by_hypervisor(diagnosis)
    for state, call in kept[1:]:
        match = _kept(diagnosis, state, call)
        first = f"{called(kept[0][1])} on vCPU {kept[0][0].number}"
        yield Match({**match.words, "first": first}, match.evidence, PROBABLE, state.number)


def _kept_by_hypervisor(diagnosis: Diagnosis) -> list[tuple[VcpuState, Recorded]]:
    """In the order in which they were made; those that come back late by nature left out."""
    elsewhere = diagnosis.case.knowledge.results.elsewhere
    kept = [
        (state, state.in_flight)
        for state in diagnosis.vcpus
        if state.where == HYPERVISOR and state.in_flight
    ]
    return sorted((p for p in kept if p[1].event.name not in elsewhere), key=lambda p: p[1].entry)


def _kept(diagnosis: Diagnosis, state: VcpuState, call: Recorded) -> Match:
    words = {"call": called(call), "vcpu": state.number, "time": at_least(diagnosis, call)}
    evidence = [f"{record_of(call)} has no return", f"vCPU {state.number}: {state.why}"]
    if state.place.symbol:
        trail = " <- ".join(map(str, [state.place, *state.callers]))
        evidence.append(f"the hypervisor is at {trail} (the callers are a guess)")
    return Match(words, tuple(evidence), CERTAIN, state.number)


def asleep(diagnosis: Diagnosis) -> Iterator[Match]:
    """A call that by its nature comes back only when another world lets it."""
    for state in diagnosis.vcpus:
        call = state.in_flight
        why = diagnosis.case.knowledge.results.elsewhere.get(call.event.name) if call else None
        if call is None or why is None or state.where != HYPERVISOR:
            continue
        evidence = [f"{record_of(call)} has no return", f"vCPU {state.number}: {state.why}"]
        if state.halted:
            evidence.append("the processor is halted, it runs no other world")
        words = {"call": called(call), "vcpu": state.number, "why": why}
        yield Match(words, tuple(evidence), PROBABLE, state.number)


def structure_overwritten(diagnosis: Diagnosis) -> Iterator[Match]:
    """Fields of the argument that are not the hypervisor's to write have changed."""
    recorder = diagnosis.recorder
    for call in diagnosis.in_flight if recorder and recorder.contiguous else ():
        if any(state.in_flight is call and state.in_guest for state in diagnosis.vcpus):
            continue  # it faulted, and the memory may be in use for something else by now
        changes = changed_since(diagnosis.case, recorder.header, call)
        evidence = tuple(
            f"{path or 'all'} was {_short(before)} at the call and is {_short(now)}"
            for path, before, now in changes[:MAX_CHANGES]
        )
        if changes:
            words = {"call": called(call), "fields": len(changes)}
            yield Match(words, evidence, CERTAIN, call.event.vcpu)


def _short(value: object) -> str:
    text = repr(value) if isinstance(value, str) and not value.startswith("0x") else str(value)
    return text if len(text) <= MAX_VALUE else text[:MAX_VALUE] + "..."


@dataclass(frozen=True)
class _Fault:
    """A hypercall that faulted: what was saved of it, on which vCPU, and its record."""

    frame: Interrupted
    saved_in: str
    vcpu: int | None
    call: Recorded | None  # None: no record tells
    name: str = "the hypercall"  # where no record tells

    def match(self, *more: str) -> Match:
        there = (hypercall_at(self.frame.code) or "hypercall").upper()
        evidence = [f"{self.saved_in} has RIP {self.frame.rip:#x}, where there is a {there}"]
        if self.call:
            evidence.append(f"{record_of(self.call)}, made there, has no return")
        name = called(self.call) if self.call else f"{self.name} at {self.frame.place}"
        return Match({"call": name}, (*evidence, *more), PROBABLE, self.vcpu)


def fault_outside_ring_0(diagnosis: Diagnosis) -> Iterator[Match]:
    """VMCALL in ring 3, for which ACRN injects #GP."""
    for fault in _faults_at_calls(diagnosis):
        if fault.frame.ring:
            yield fault.match(f"CS was {fault.frame.cs:#x}, ring {fault.frame.ring}")


def fault_without_hypervisor(diagnosis: Diagnosis) -> Iterator[Match]:
    """VMCALL in ring 0 faulted, and no call was ever answered."""
    for fault in _faults_at_calls(diagnosis):
        if not fault.frame.ring and not _answered(diagnosis):
            yield fault.match(_nothing_answered(diagnosis))


def fault_not_allowed(diagnosis: Diagnosis) -> Iterator[Match]:
    """VMCALL in ring 0 faulted, though calls were answered before."""
    for fault in _faults_at_calls(diagnosis):
        answered = _answered(diagnosis)
        if not fault.frame.ring and answered:
            last = record_of(answered[-1])
            yield fault.match(f"{len(answered)} calls were answered before, {last} last")


def _faults_at_calls(diagnosis: Diagnosis) -> Iterator[_Fault]:
    """The exceptions whose instruction is the hypercall itself: on stacks, and as Linux keeps one
    of which the stack is gone."""
    found = set()
    for state in diagnosis.vcpus:
        frame = next(filter(_is_at_call, state.interrupted), None)
        if frame:
            found.add(frame.rip)
            saved_in = f"the exception frame on vCPU {state.number}'s stack at {frame.at:#x}"
            yield _Fault(frame, saved_in, state.number, _made_at(frame, state.in_flight))
    oops = diagnosis.oops
    if oops and _is_at_call(oops.frame) and oops.frame.rip not in found:
        yield _oops_at_call(diagnosis, oops)


def _oops_at_call(diagnosis: Diagnosis, oops: Oops) -> _Fault:
    calls = (call for call in diagnosis.in_flight if _made_at(oops.frame, call))
    saved_in = f"what Linux keeps of its first oops, at {oops.frame.at:#x},"
    fault = _Fault(oops.frame, saved_in, oops.vcpu, next(calls, None))
    entry = diagnosis.case.knowledge.table.numbered(oops.number)
    return replace(fault, name=entry.name) if entry else fault


def _is_at_call(frame: Interrupted) -> bool:
    return hypercall_at(frame.code) is not None


def _made_at(frame: Interrupted, call: Recorded | None) -> Recorded | None:
    """The call, if it was made where the frame's instruction is."""
    is_there = call and call.event.site and call.event.site.address == frame.rip
    return call if is_there else None


def _answered(diagnosis: Diagnosis) -> list[Recorded]:
    return [call for call in diagnosis.calls if call.event.status == "returned"]


def _nothing_answered(diagnosis: Diagnosis) -> str:
    if diagnosis.recorder is None:
        return "there is no ring that says whether a call was ever answered"
    return "no call in any ring was answered"


def faults_skipped(diagnosis: Diagnosis) -> Iterator[Match]:
    """Calls whose VMCALL faulted and that the guest's own handler stepped over."""
    faulted = [call for call in diagnosis.calls if call.event.status == "faulted"]
    if faulted:
        words = {"count": len(faulted), "last": called(faulted[-1])}
        evidence = (f"{record_of(faulted[-1])} is marked as faulted by the guest's own handler",)
        yield Match(words, evidence, CERTAIN, faulted[-1].event.vcpu)


def left_behind(diagnosis: Diagnosis) -> Iterator[Match]:
    """A call without a return whose vCPU is back in the guest, and no exception frame says how."""
    faults = {fault.vcpu for fault in _faults_at_calls(diagnosis)}
    for state in diagnosis.vcpus:
        call = state.in_flight
        if call is None or not state.in_guest or state.number in faults or _at_call(state, call):
            continue
        words = {"call": called(call), "vcpu": state.number, "place": state.place}
        evidence = (f"{record_of(call)} has no return", f"vCPU {state.number}: {state.why}")
        yield Match(words, evidence, PROBABLE, state.number)


def no_return(diagnosis: Diagnosis) -> Iterator[Match]:
    """A call without a return, and nothing says where its vCPU is."""
    for call in diagnosis.in_flight:
        state = next((s for s in diagnosis.vcpus if s.in_flight is call), None)
        if state is None or state.where in (UNKNOWN, FIRMWARE):
            words = {"call": called(call), "time": at_least(diagnosis, call)}
            evidence = [f"{record_of(call)} has no return"]
            late = diagnosis.case.knowledge.results.elsewhere.get(call.event.name)
            evidence += [f"that is no fault by itself: {late}"] if late else []
            yield Match(words, tuple(evidence), CERTAIN, call.event.vcpu)


def abandoned(diagnosis: Diagnosis) -> Iterator[Match]:
    """A call without a return whose vCPU has made other calls since."""
    for call in diagnosis.calls:
        if call.in_flight and call not in diagnosis.in_flight:
            later = diagnosis.by_vcpu[call.event.vcpu][-1]
            evidence = (f"{record_of(call)} has no return", f"{record_of(later)} came after it")
            yield Match({"call": called(call)}, evidence, PROBABLE, call.event.vcpu)


def _at_call(state: VcpuState, call: Recorded) -> bool:
    site = call.event.site
    return site is not None and 0 <= state.place.address - site.address <= site.abi.length
