# SPDX-License-Identifier: BSD-3-Clause
"""Recognises calls that failed, and guests that went on as if they had not."""

from itertools import takewhile
from typing import Any, Iterator

from acrn_trace.diagnosis.case import CERTAIN, PROBABLE, Diagnosis, Recorded
from acrn_trace.diagnosis.match import Match, called, record_of, with_result
from acrn_trace.trace.results import SERVICE_VM, target_vm

CREATES = "create_vm"
INVALID_VM = 0xFFFF
MAX_TOLD = 4  # calls that a sentence names
MAX_FAILED = 64  # failed calls of a vCPU that are followed
MAX_LATER = 256  # calls after each


def failed(call: Recorded) -> bool:
    """Also of a call that answered 0 and failed."""
    return call.event.failed or any(f.kind == "zero-but-failed" for f in call.event.findings)


def creation_failed_with_0(diagnosis: Diagnosis) -> Iterator[Match]:
    """create_vm answered 0 and made no VM."""
    for call, later in _failed_and_used(diagnosis):
        if call.event.name == CREATES and call.event.ret == 0:
            evidence = [f"{record_of(call)}: RAX is 0 and the structure's vmid is {INVALID_VM:#x}"]
            evidence += [f"then {with_result(c)}, with that id" for c in later[:MAX_TOLD]]
            words = {"call": called(call), "then": _then(later, "the guest went on with that id")}
            yield Match(words, tuple(evidence), CERTAIN, call.event.vcpu)


def error_ignored(diagnosis: Diagnosis) -> Iterator[Match]:
    """A call failed, and calls on the same VM followed that failed as well."""
    told: set[int | None] = set()
    for call, later in _failed_and_used(diagnosis):
        vm = target_vm(call.event)
        if not call.event.failed or vm in told or not any(map(failed, later)):
            continue
        told.add(vm)
        evidence = [f"{record_of(call)} is {with_result(call)}"]
        evidence += [f"then {record_of(c)}: {with_result(c)}" for c in later[:MAX_TOLD]]
        words = {"call": with_result(call), "vm": _vm_words(call, vm), "count": len(later)}
        yield Match(words, tuple(evidence), PROBABLE, call.event.vcpu)


def _failed_and_used(diagnosis: Diagnosis) -> Iterator[tuple[Recorded, list[Recorded]]]:
    """Each failed call, of each vCPU the last ones, and the later calls there on the same VM."""
    for calls in diagnosis.by_vcpu.values():
        indices = [index for index, call in enumerate(calls) if failed(call)][-MAX_FAILED:]
        for index in indices:
            yield calls[index], _used(calls[index], calls[index + 1 : index + 1 + MAX_LATER])


def _used(call: Recorded, later: list[Recorded]) -> list[Recorded]:
    """Of the calls after ``call`` those that name its VM, up to one that creates it anew.

    One that is the same call again goes on with nothing: it tries what failed.
    """
    vm = target_vm(call.event)
    same = [c for c in later if vm is not None and target_vm(c.event) == vm]
    used = takewhile(lambda c: c.event.name != CREATES, same)
    return [c for c in used if _asked(c) != _asked(call)]


def _asked(call: Recorded) -> tuple[int, dict[str, Any]]:
    """The number and the arguments, structures by what they held."""
    return call.event.nr, call.event.decoded


def _vm_words(call: Recorded, vm: int | None) -> str:
    if call.event.name != CREATES:
        return f"VM {vm}"
    if vm == SERVICE_VM:
        return f"VM {vm}, which the structure held before and is the Service VM itself"
    return f"VM {vm}, which the structure held before"


def _then(later: list[Recorded], text: str) -> str:
    return f"; {text}" if later else ""


def not_permitted(diagnosis: Diagnosis) -> Iterator[Match]:
    """The last call of a vCPU was refused, with ENOTTY."""
    for call in last_calls(diagnosis):
        why = [f.text for f in call.event.findings if f.kind == "enotty"]
        if why:
            reason = why[0].partition(": ")[2] or why[0]
            words = {"call": called(call), "why": reason}
            evidence = (f"{record_of(call)} is {with_result(call)}",)
            yield Match(words, evidence, PROBABLE, call.event.vcpu)


def last_failed(diagnosis: Diagnosis) -> Iterator[Match]:
    """The last call of a vCPU failed, and that vCPU is where it does nothing any more."""
    for call in last_calls(diagnosis):
        state = diagnosis.state_of(call.event.vcpu)
        if not failed(call) or state is None or not (state.halted and not state.interrupts):
            continue
        words = {"call": with_result(call), "vcpu": state.number, "place": state.place}
        evidence = (
            f"{record_of(call)} is the last call of vCPU {state.number}",
            f"vCPU {state.number} is halted with interrupts off",
        )
        yield Match(words, evidence, PROBABLE, state.number)


def last_calls(diagnosis: Diagnosis) -> Iterator[Recorded]:
    """The last call of each vCPU, if it has returned."""
    last = {call.event.vcpu: call for call in diagnosis.calls}
    yield from (call for call in last.values() if not call.in_flight)
