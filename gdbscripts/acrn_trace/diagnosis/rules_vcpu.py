# SPDX-License-Identifier: BSD-3-Clause
"""Recognises how vCPUs stand still where no call accounts for it; and a wrong image."""

from typing import Iterator

from acrn_trace.at_rest.image_match import DIFFERS
from acrn_trace.at_rest.postmortem import FIRMWARE, HYPERVISOR, UNKNOWN
from acrn_trace.diagnosis.case import CERTAIN, GUESS, PROBABLE, Diagnosis, Recorder, VcpuState
from acrn_trace.diagnosis.kernel_ends import OOPSED, PANICKED
from acrn_trace.diagnosis.match import Match, called
from acrn_trace.diagnosis.rules_registers import instruction_of
from acrn_trace.diagnosis.standing import Interrupted
from acrn_trace.guest.abi import GENERAL_REGISTERS, hypercall_at
from acrn_trace.guest.bytes_at import try_read
from acrn_trace.guest.snapshot import STUB


def wrong_image(diagnosis: Diagnosis) -> Iterator[Match]:
    """The image's code is not what is in memory."""
    found = diagnosis.case.found
    if not diagnosis.case.image_is_wrong or found.image is None:
        return
    match = found.match
    if match.verdict == DIFFERS:
        differing = f"{match.differing} of {match.compared} bytes of its code"
        evidence = [f"{differing} are not those in memory"]
    else:
        evidence = [f"its code is not mapped by {found.memory_from}, which leads to the ring"]
    if match.first_difference is not None:
        evidence.append(f"the first that is not is at {match.first_difference:#x}")
    if not found.offset:
        evidence.append("it was looked for where it was linked, as no offset is given")
    evidence += _calls_elsewhere(diagnosis)
    yield Match({"image": found.image.path}, tuple(evidence), CERTAIN)


def _calls_elsewhere(diagnosis: Diagnosis) -> list[str]:
    """Recorded calls that were made where the image makes none."""
    made = {call.event.site.address for call in diagnosis.calls if call.event.site}
    other = made - set(diagnosis.case.sites)
    if not other:
        return []
    return [f"of {len(made)} sites in the rings {len(other)} are none of the image's"]


def hangs_by_itself(diagnosis: Diagnosis) -> Iterator[Match]:
    """A vCPU runs guest code with interrupts off, and has no call in flight.

    A live guest was stopped by GDB, at a breakpoint perhaps: that it stands there says little.
    """
    is_live = diagnosis.case.found.snapshot.kind == STUB
    for state in diagnosis.vcpus:
        if not state.in_guest or state.halted or state.interrupts or state.in_flight:
            continue
        evidence = [f"vCPU {state.number}: {state.why}", "RFLAGS.IF is 0 and it is not halted"]
        calls = diagnosis.calls_of(state.number)
        if calls:
            evidence.append(f"its last call, {called(calls[-1])}, has returned")
        if is_live:
            evidence.append("GDB stopped it: unless it is there again and again, it does not hang")
        words = {"vcpu": state.number, "place": state.place}
        yield Match(words, tuple(evidence), GUESS if is_live else PROBABLE, state.number)


def stopped_for_good(diagnosis: Diagnosis) -> Iterator[Match]:
    """HLT with interrupts off: what a kernel does that has given up."""
    for state in diagnosis.vcpus:
        if not state.in_guest or not state.halted or state.interrupts:
            continue
        words = {"vcpu": state.number, "place": state.place}
        evidence = ["the instruction before RIP is HLT, and RFLAGS.IF is 0"]
        if state.callers:
            evidence.append(f"the stack has {' <- '.join(map(str, state.callers[:3]))} (a guess)")
        yield Match(words, tuple(evidence), CERTAIN, state.number)


def interrupted_elsewhere(diagnosis: Diagnosis) -> Iterator[Match]:
    """An exception that is not that of a VMCALL, whose handler has not gone back."""
    for state in diagnosis.vcpus:
        frame = next(iter(state.interrupted), None)
        if frame is None or hypercall_at(frame.code):
            continue
        if state.interrupts or not state.halted or _is_entry(state, frame):
            continue
        evidence = [f"vCPU {state.number}'s stack has its frame at {frame.at:#x}"]
        if instruction_of(frame):
            evidence.append(f"the instruction there is '{instruction_of(frame)}'")
        fault = state.registers.get("cr2")
        if fault and _unmapped(state, fault):
            evidence.append(f"CR2, the address of the last page fault, is {fault:#x}: not mapped")
        words = {"vcpu": state.number, "place": frame.place}
        yield Match(words, tuple(evidence), GUESS if frame.ring else PROBABLE, state.number)


def _is_entry(state: VcpuState, frame: Interrupted) -> bool:
    """Whether the frame is only how the kernel was entered, which it has other reasons to be in."""
    if state.end and (frame.ring or state.end.how not in (PANICKED, OOPSED)):
        return True
    return frame.is_system_call


def _unmapped(state: VcpuState, address: int) -> bool:
    return state.memory is not None and try_read(state.memory, address, 1) is None


def kept_without_record(diagnosis: Diagnosis) -> Iterator[Match]:
    """A vCPU is in the hypervisor, and no ring says why."""
    for state in diagnosis.vcpus:
        if state.where == HYPERVISOR and state.in_flight is None:
            evidence = [f"vCPU {state.number}: {state.why}"]
            evidence += _number_in_registers(diagnosis, state)
            yield Match({"vcpu": state.number}, tuple(evidence), GUESS, state.number)


def _number_in_registers(diagnosis: Diagnosis, state: VcpuState) -> list[str]:
    """A call's number in a register: the hypervisor may be working on that call."""
    base = diagnosis.case.knowledge.abi.number_base  # more often something else
    for name in GENERAL_REGISTERS:
        value = state.registers.get(name, 0)
        entry = diagnosis.case.knowledge.table.numbered(value)
        if entry and value != base:
            return [f"{name} is {value:#x}, which is the number of {entry.name}"]
    return []


def last_call_guess(diagnosis: Diagnosis) -> Iterator[Match]:
    """Without a ring: what the number's register and the stack say of the last call."""
    if diagnosis.calls:
        return
    for state in diagnosis.vcpus:
        hints = [*_number_where_left(diagnosis, state), *_site_on_stack(diagnosis, state)]
        if state.in_guest and hints:
            words = {"vcpu": state.number, "call": ", or ".join(what for what, _ in hints)}
            yield Match(words, tuple(why for _, why in hints), GUESS, state.number)


def _number_where_left(diagnosis: Diagnosis, state: VcpuState) -> list[tuple[str, str]]:
    """The call whose number is there, and where it is."""
    register = diagnosis.case.knowledge.abi.number
    values = [(register.upper(), state.registers.get(register, 0))]
    values += [("a word saved by a handler", word) for f in state.interrupted for word in f.saved]
    for what, value in values:
        entry = diagnosis.case.knowledge.table.numbered(value)
        if entry:
            return [(entry.name, f"{what} is {value:#x}, the number of {entry.name}")]
    return []


def _site_on_stack(diagnosis: Diagnosis, state: VcpuState) -> list[tuple[str, str]]:
    """The site before an address on the stack, in the same function, and the evidence."""
    for place in [*(frame.place for frame in state.interrupted), *state.callers]:
        function = (place.symbol or "").partition("+")[0]
        before = [
            site
            for site in diagnosis.case.sites.values()
            if function and site.function == function and site.address < place.address
        ]
        if before:
            site = max(before, key=lambda site: site.address)
            return [(f"the one at {site}", f"the stack has {place}, behind that site")]
    return []


def nothing_known(diagnosis: Diagnosis) -> Iterator[Match]:
    """No call read, no vCPU located, be image and rings there or not: silence would look like a
    clean bill."""
    found = diagnosis.case.found
    places = {state.where for state in diagnosis.vcpus}
    located = places == {FIRMWARE} or places - {UNKNOWN, FIRMWARE}
    if diagnosis.verdicts or located or diagnosis.calls:
        return
    image = "the image could not be compared with memory: none was given"
    if found.match.is_there:
        image = "the image's code is in memory, which does not tell what it did"
    elif found.image:
        image = "the image could not be compared with memory: its code is not found there"
    vcpus = "its page tables do not tell" if diagnosis.vcpus else "there are no registers"
    ring, what = _why_no_call(diagnosis.recorder)
    evidence = (image, ring, f"where any vCPU was, guest or hypervisor, is not known: {vcpus}")
    missing = f"no {what} or vCPU" if found.match.is_there else f"no image, {what} or vCPU"
    yield Match({"missing": missing}, evidence, CERTAIN)


def _why_no_call(recorder: Recorder | None) -> tuple[str, str]:
    """And what it is that was not found."""
    if recorder is None or not recorder.rings:
        return "no ring can be read", "ring"
    counted = sum(ring.claimed for ring in recorder.rings)
    return f"rings are found, and none of the {counted} calls that they count can be read", "call"
