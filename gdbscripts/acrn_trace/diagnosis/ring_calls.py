# SPDX-License-Identifier: BSD-3-Clause
"""Reads what is left of the guest's rings to events; counts what makes no sense in them."""

from collections import deque

from acrn_trace.at_rest.postmortem import FoundRing
from acrn_trace.base.errors import TraceError
from acrn_trace.diagnosis.case import Case, Recorded, Recorder, RingState
from acrn_trace.guest.memory import Unreadable
from acrn_trace.rings.events import RecordDecoder
from acrn_trace.rings.format import RETURNED, STATE
from acrn_trace.rings.ring_contents import Kept, RingContents

MAX_CALLS = 1 << 14  # of all rings that are looked at; each ring's newest
LEAST_CALLS = 16  # of each ring


def read_recorder(case: Case) -> Recorder | None:
    """The rings of the guest; None if there are none that can be read."""
    found = case.ring
    if found is None:
        return None
    header = found.rings.header
    contiguous = found.physical is None or header.header_physical in (0, found.physical)
    recorder = Recorder(found.how, header, contiguous)
    try:
        _read_rings(case, found, recorder)
    except (TraceError, Unreadable) as fault:
        recorder.fault = str(fault)
    return recorder


def _read_rings(case: Case, found: FoundRing, recorder: Recorder) -> None:
    sites = case.sites if case.image_is_right else {}
    decoder = RecordDecoder(case.knowledge, recorder.header, sites, recorder.hz or None)
    recorder.rings = [
        RingState(number, now.claimed, recorder.header.record_count, now.lost, now.lapped)
        for number, now in enumerate(found.rings.counters())
    ]
    room = max(LEAST_CALLS, MAX_CALLS // len(recorder.rings))
    newest = [deque[Kept](maxlen=room) for _ in recorder.rings]
    contents = RingContents(found.rings)
    for kept in contents:
        newest[kept.ring].append(kept)
    for ring, tally in enumerate(contents.tallies()):
        state = recorder.rings[ring]
        state.torn, state.damaged = tally.torn_sequences, tally.foreign
        state.unreadable = tally.unreadable
        state.left_out = tally.left_out + tally.kept - len(newest[ring])
        state.calls = [_recorded(decoder, kept) for kept in newest[ring]]


def _recorded(decoder: RecordDecoder, kept: Kept) -> Recorded:
    word = int.from_bytes(kept.raw[:8], "little")
    return Recorded(
        event=decoder.event(kept.raw, kept.ring, kept.sequence),
        ring=kept.ring,
        sequence=kept.sequence,
        raw=kept.raw,
        entry=kept.entry,
        leave=int.from_bytes(kept.raw[16:24], "little") if word & STATE == RETURNED else None,
    )
