# SPDX-License-Identifier: BSD-3-Clause
"""Writes a diagnosis as a page of text, and as an object for scripts (docs/diagnose.md)."""

import json
import textwrap
from typing import Any, Iterator

from acrn_trace.at_rest.image_match import DIFFERS, MATCH, NOT_MAPPED, PATCHED
from acrn_trace.at_rest.postmortem import FIRMWARE, GUEST, HYPERVISOR, UNKNOWN
from acrn_trace.base.text import printable
from acrn_trace.diagnosis.case import GUESS, PROBABLE, USER, Case, Diagnosis, Recorded, VcpuState
from acrn_trace.diagnosis.diagnose import diagnose
from acrn_trace.diagnosis.first_look import first_look, opening
from acrn_trace.diagnosis.match import at_least
from acrn_trace.diagnosis.rules_failures import failed
from acrn_trace.diagnosis.standing import Place
from acrn_trace.guest.snapshot import DUMP, MEMORY_FILE, PAGED_DUMP, STUB
from acrn_trace.sinks.text import result_text
from acrn_trace.trace.rendering import Renderer

WIDTH = 100
PARTS = 3  # of a stack that the page shows
CALLS = 10  # that the page shows
FAILED = 5  # of those before
VERSION = 1  # of the object for scripts

KINDS = {
    DUMP: "a dump of QEMU's",
    PAGED_DUMP: "a dump of QEMU's (-p)",
    MEMORY_FILE: "a file of memory",
    STUB: "the guest, stopped",
}
IMAGES = {
    MATCH: "is what ran",
    PATCHED: "is what ran, but for small changes that a kernel makes to itself",
    DIFFERS: "is NOT what ran",
    NOT_MAPPED: "could not be compared with memory",
}
STATES = {
    GUEST: "in the guest",
    USER: "in the guest, outside of ring 0",
    HYPERVISOR: "in the hypervisor",
    FIRMWARE: "not started",
    UNKNOWN: "at",
}
DOUBTS = {PROBABLE: "Probably: ", GUESS: "A guess: "}


def report(case: Case, as_object: bool) -> Iterator[str]:
    """The lines that tell what happened to a guest at rest: a page, or one JSON object."""
    diagnosis = diagnose(case)
    if as_object:
        yield json.dumps(as_json(diagnosis))
    else:
        yield from page(diagnosis)


def page(diagnosis: Diagnosis) -> Iterator[str]:
    """The lines of the page, safe to print."""
    for line in _lines(diagnosis):
        yield printable(line)


def _lines(diagnosis: Diagnosis) -> Iterator[str]:
    yield from _head(diagnosis)
    yield from _vcpus(diagnosis)
    yield from _calls(diagnosis)
    yield from _verdicts(diagnosis)
    if diagnosis.unknown:
        yield ""
        yield "WHAT CANNOT BE KNOWN"
        for sentence in diagnosis.unknown:
            yield from _wrapped(f"  - {sentence}", 4)


def _head(diagnosis: Diagnosis) -> Iterator[str]:
    for sentence in opening(diagnosis):
        yield from _wrapped(sentence, 2)
    found, ring = diagnosis.case.found, diagnosis.case.ring
    image = "no image was given"
    if found.image:
        level = ", as the hypervisor" if diagnosis.case.image_is_hypervisors else ""
        image = f"the image {found.image.path} {IMAGES.get(found.match.verdict, '')}{level}"
    yield from _wrapped(f"From {KINDS.get(found.snapshot.kind, found.snapshot.kind)}; {image}.", 2)
    recorder = diagnosis.recorder
    if recorder:
        rings = f"{len(recorder.rings)} ring{'s' * (len(recorder.rings) != 1)}"
        yield from _wrapped(
            f"The guest keeps a record of its calls in {rings}, found {recorder.how}.", 2
        )
    for note in [*found.notes, *(ring.notes if ring else [])]:
        yield from _wrapped(f"Note: {note}", 2)


def _vcpus(diagnosis: Diagnosis) -> Iterator[str]:
    if not diagnosis.vcpus:
        return
    yield ""
    yield "WHERE EACH vCPU IS"
    for state in diagnosis.vcpus:
        yield from _wrapped(f"  vCPU {state.number} is {_standing(state)}", 6)
        yield from _wrapped(f"      (evidence: {state.why})", 8)
        if state.in_flight:
            call = _call_text(diagnosis, state.in_flight)
            yield from _wrapped(f"      call in flight: {call}", 8)
            yield from _wrapped(f"      under way {at_least(diagnosis, state.in_flight)}", 8)
        for line in _stack(state):
            yield from _wrapped(f"      {line}", 8)


def _standing(state: VcpuState) -> str:
    text = STATES[state.where]
    if state.where != FIRMWARE:
        text = f"{text}, at {state.place}" if state.where != UNKNOWN else f"at {state.place}"
    if state.halted and state.where != FIRMWARE:
        text += ", halted"
    if state.in_guest:
        text += " with interrupts on" if state.interrupts else " with interrupts off"
    return text


def _stack(state: VcpuState) -> Iterator[str]:
    """Who called whom, and what was interrupted, from the innermost outwards."""
    where = "on its stack"
    for part in state.stack[:PARTS]:
        if part.callers:
            yield f"{where} (a guess): {' <- '.join(map(str, part.nearest))}"
        if part.frame and state.in_guest:
            yield str(part.frame)
        where = "on the stack there" if part.frame else "on the stack before that"


def _calls(diagnosis: Diagnosis) -> Iterator[str]:
    if not diagnosis.calls:
        return
    last = diagnosis.calls[-CALLS:]
    before = [call for call in diagnosis.calls[:-CALLS] if failed(call)]
    yield ""
    if before:
        yield f"CALLS THAT FAILED BEFORE THOSE BELOW ({len(before)}, the last {FAILED} at most)"
        for call in before[-FAILED:]:
            yield from _call_lines(diagnosis, call)
        yield ""
    yield f"THE LAST {len(last)} CALLS, of {len(diagnosis.calls)} in the rings"
    seconds = "seconds"
    if diagnosis.recorder and not diagnosis.recorder.hz:
        seconds = "time (in 1e9 ticks of the TSC)"
    yield f"  [vCPU] {seconds} call(arguments) = result <time it took> at file:line function"
    for call in last:
        yield from _call_lines(diagnosis, call)


def _call_lines(diagnosis: Diagnosis, call: Recorded) -> Iterator[str]:
    vcpu = "?" if call.event.vcpu is None else call.event.vcpu
    text = _call_text(diagnosis, call)
    yield from _wrapped(f"  [{vcpu}] {call.event.time:.6f} {text}", 6)
    for finding in call.event.findings:
        yield from _wrapped(f"      !! {finding.text}", 9)


def _call_text(diagnosis: Diagnosis, call: Recorded) -> str:
    knowledge, event = diagnosis.case.knowledge, call.event
    renderer = Renderer(knowledge.table, knowledge.types)
    text = f"{renderer.call(event)}{renderer.outputs(event)}"
    if not call.in_flight:
        result = "? <faulted>" if event.status == "faulted" else result_text(event)
        text += f" = {result}"
    if event.duration is not None and diagnosis.recorder and diagnosis.recorder.hz:
        text += f" <{event.duration:.6f}>"
    if call.in_flight:
        text += " <has not returned>"
    return f"{text} at {event.site}" if event.site else text


def _verdicts(diagnosis: Diagnosis) -> Iterator[str]:
    yield ""
    yield "WHAT PROBABLY HAPPENED"
    if not diagnosis.verdicts:
        yield "  No sign of anything wrong with hypercalls."
    for number, verdict in enumerate(diagnosis.verdicts, 1):
        text = DOUBTS.get(verdict.certainty, "") + verdict.text
        yield from _wrapped(f"  {number}. {text}", 5)
        for evidence in verdict.evidence:
            yield from _wrapped(f"       - {evidence}", 9)


def _wrapped(text: str, indent: int) -> list[str]:
    """``text`` in lines; words that are longer than a line stay whole."""
    return textwrap.wrap(
        text,
        WIDTH,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
        replace_whitespace=False,
        expand_tabs=False,
    )


def as_json(diagnosis: Diagnosis) -> dict[str, Any]:
    """The object of ``--json``: fixed keys, more may be added."""
    found, recorder = diagnosis.case.found, diagnosis.recorder
    ring = diagnosis.case.ring
    return {
        "version": VERSION,
        "source": found.snapshot.kind,
        "image": {
            "path": found.image.path if found.image else None,
            "match": found.match.verdict if found.image else None,
            "is_hypervisors": diagnosis.case.image_is_hypervisors,
        },
        "vcpus": [_vcpu_json(diagnosis, state) for state in diagnosis.vcpus],
        "rings": [
            {
                "ring": ring.number,
                "calls": ring.claimed,
                "room": ring.room,
                "lost": ring.lost,
                "lapped": ring.lapped,
                "torn": ring.torn,
                "damaged": ring.damaged,
                "enabled": bool(recorder.header.enabled),
            }
            for ring in (recorder.rings if recorder else ())
        ],
        "look_at": first_look(diagnosis)[0],
        "calls": [_call_json(call) for call in diagnosis.calls],
        "happened": [verdict.as_json() for verdict in diagnosis.verdicts],
        "unknown": diagnosis.unknown,
        "notes": [*found.notes, *(ring.notes if ring else [])],
    }


def _vcpu_json(diagnosis: Diagnosis, state: VcpuState) -> dict[str, Any]:
    call = state.in_flight
    return {
        "vcpu": state.number,
        "where": state.where,
        "why": state.why,
        **_place_json(state.place),
        "halted": state.halted,
        "interrupts": state.interrupts,
        "in_flight": _call_json(call) if call else None,
        "at_least": diagnosis.seconds_since(call.entry) if call else None,
        "exceptions": [
            {"ring": frame.ring, **_place_json(frame.place)} for frame in state.interrupted
        ],
        "stack": [_place_json(place) for place in state.callers],
        "end": state.end.how if state.end else None,
    }


def _place_json(place: Place) -> dict[str, Any]:
    file, line = place.line or (None, None)
    return {"address": hex(place.address), "symbol": place.symbol, "file": file, "line": line}


def _call_json(call: Recorded) -> dict[str, Any]:
    return {**call.event.as_json(), "ring": call.ring, "sequence": call.sequence}
