# SPDX-License-Identifier: BSD-3-Clause
"""Recognisers of what became of the recorder itself."""

from typing import Iterator

from acrn_trace.diagnosis.facts import CERTAIN, PROBABLE, Diagnosis, Place
from acrn_trace.diagnosis.match import Match

STUB = "acrn_ring_"  # what the recorder's own functions are called
MAX_TOLD = 4


def off(diagnosis: Diagnosis) -> Iterator[Match]:
    """Recording was switched off."""
    recorder = diagnosis.recorder
    if recorder and not recorder.header.enabled:
        yield Match({}, ("the ring's header has 'enabled' 0",), CERTAIN)


def torn(diagnosis: Diagnosis) -> Iterator[Match]:
    """Records were begun and never finished."""
    recorder = diagnosis.recorder
    for ring in recorder.rings if recorder else ():
        if not ring.torn:
            continue
        numbers = ", ".join(map(str, ring.torn[:MAX_TOLD]))
        evidence = [f"record {numbers} of ring {ring.number} is in the state WRITING"]
        for state in diagnosis.vcpus:
            evidence += [
                f"vCPU {state.number} was interrupted at {frame.place}, in the recorder: {place}"
                for frame in state.interrupted[:1]
                for place in _in_stub([frame.place, *state.callers[:2]])
            ]
        yield Match({"ring": ring.number}, tuple(evidence), CERTAIN)


def _in_stub(places: list[Place]) -> list[Place]:
    return [place for place in places if (place.symbol or "").startswith(STUB)][:1]


def overwritten(diagnosis: Diagnosis) -> Iterator[Match]:
    """Something else wrote into the recorder's memory."""
    fault, recorder = diagnosis.case.found.ring_fault, diagnosis.recorder
    if recorder is None and fault and "header" in fault:
        yield Match({"what": "The ring's header"}, (fault.rstrip("."),), PROBABLE)
    for ring in recorder.rings if recorder else ():
        if ring.damaged:
            what = f"Ring {ring.number}, {ring.damaged} records of it,"
            reads = f"{ring.damaged} of the last {min(ring.claimed, ring.room)} records of ring "
            evidence = (reads + f"{ring.number} have a word that no recorder writes",)
            yield Match({"what": what}, evidence, CERTAIN)


def lapped(diagnosis: Diagnosis) -> Iterator[Match]:
    """The ring is too small to have it all, as it is made to be."""
    recorder = diagnosis.recorder
    for ring in recorder.rings if recorder else ():
        gone = ring.claimed - ring.room
        if gone > 0:
            evidence = (f"{ring.claimed} calls were made and there is room for {ring.room}",)
            yield Match({"gone": gone, "ring": ring.number}, evidence, CERTAIN)


def lost_calls(diagnosis: Diagnosis) -> Iterator[Match]:
    """Calls that the recorder had no room for."""
    recorder = diagnosis.recorder
    for ring in recorder.rings if recorder else ():
        if ring.lost or ring.lapped:
            words = {"ring": ring.number, "lost": ring.lost, "lapped": ring.lapped}
            yield Match(words, ("its counters say so",), CERTAIN)
