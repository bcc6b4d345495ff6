# SPDX-License-Identifier: BSD-3-Clause
"""Recognises what became of the recorder itself."""

from typing import Iterator, Sequence

from acrn_trace.at_rest.postmortem import Postmortem
from acrn_trace.diagnosis.case import CERTAIN, PROBABLE, Diagnosis
from acrn_trace.diagnosis.match import Match
from acrn_trace.diagnosis.standing import Place
from acrn_trace.guest.abi import MASK64
from acrn_trace.guest.bytes_at import try_read
from acrn_trace.guest.paging import PAGE
from acrn_trace.rings.format import HEADER_SIZE, MAGIC as MAGIC_NUMBER

STUB = "acrn_ring_"  # what the recorder's own functions are called
MAX_TOLD = 4
MAGIC = MAGIC_NUMBER.to_bytes(8, "little")


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
                for trail in state.trails
                if trail[:1] == (frame.place,)
                for place in _in_stub(trail[:3])
            ]
        yield Match({"ring": ring.number}, tuple(evidence), CERTAIN)


def _in_stub(places: Sequence[Place]) -> list[Place]:
    return [place for place in places if (place.symbol or "").startswith(STUB)][:1]


def overwritten(diagnosis: Diagnosis) -> Iterator[Match]:
    """Something else wrote into the recorder's memory."""
    recorder = diagnosis.recorder
    evidence = tuple(_overwritten_header(diagnosis))[:MAX_TOLD]
    if evidence:
        yield Match({"what": "The ring's header"}, evidence, PROBABLE)
    for ring in recorder.rings if recorder else ():
        if ring.damaged:
            what = f"Ring {ring.number}, {ring.damaged} records of it,"
            reads = f"{ring.damaged} of the last {min(ring.claimed, ring.room)} records of ring "
            evidence = (reads + f"{ring.number} have a word that no recorder writes",)
            yield Match({"what": what}, evidence, CERTAIN)


def _overwritten_header(diagnosis: Diagnosis) -> Iterator[str]:
    """Where the header should be, and memory has something else."""
    found = diagnosis.case.found
    ring = diagnosis.case.ring
    for here in [ring.virtual] if ring else _linked_headers(found):
        there = try_read(ring.memory if ring else found.memory, here, len(MAGIC))
        if there is not None and there != MAGIC:
            yield f"at {here:#x} it should begin with {MAGIC.hex()}, and memory has {there.hex()}"


def _linked_headers(found: Postmortem) -> Iterator[int]:
    """Where the right image has a ring's header, symbols or none: its first bytes are there."""
    for address, data in found.image.data() if found.image and found.match.is_there else ():
        for at in range(-address % PAGE, len(data) - HEADER_SIZE + 1, PAGE):
            if data[at : at + len(MAGIC)] == MAGIC:
                yield address + at + found.offset & MASK64


def lapped(diagnosis: Diagnosis) -> Iterator[Match]:
    """The ring is too small to have all calls."""
    recorder = diagnosis.recorder
    for ring in recorder.rings if recorder else ():
        if ring.claimed > ring.room and ring.calls:
            words = {"ring": ring.number, "kept": len(ring.calls), "made": ring.claimed}
            yield Match(words, (f"its counter is at {ring.claimed}",), CERTAIN)


def lost_calls(diagnosis: Diagnosis) -> Iterator[Match]:
    """Calls that the recorder had no room for."""
    recorder = diagnosis.recorder
    for ring in recorder.rings if recorder else ():
        if ring.lost or ring.lapped:
            words = {"ring": ring.number, "lost": ring.lost, "lapped": ring.lapped}
            yield Match(words, ("its counters say so",), CERTAIN)
