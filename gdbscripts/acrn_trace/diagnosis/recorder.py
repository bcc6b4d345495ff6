# SPDX-License-Identifier: BSD-3-Clause
"""What is left of the guest's rings, whatever state they are in.

Records that no recorder writes and records that were only begun are evidence, so they are counted
here and not refused.
"""

from acrn_trace.diagnosis.facts import Case, Recorded, Recorder, RingState
from acrn_trace.errors import TraceError
from acrn_trace.memory import Unreadable
from acrn_trace.postmortem import FoundRing
from acrn_trace.recorded import RecordDecoder
from acrn_trace.ring import Rings, believable
from acrn_trace.ring_contents import MASK64
from acrn_trace.ringformat import RETURNED, SEQUENCE_SHIFT, STATE, WRITING, Counters

MAX_RECORDS = 1 << 16  # of a ring that are read; the newest


def read_recorder(case: Case) -> Recorder | None:
    """The rings of the guest; None if there are none that can be read."""
    if not case.found.rings:
        return None
    found = case.found.rings[0]
    header = found.rings.header
    contiguous = found.physical is None or header.header_physical in (0, found.physical)
    recorder = Recorder(found.how, header, contiguous)
    try:
        _read_rings(case, found, recorder)
    except (TraceError, Unreadable) as fault:
        recorder.fault = str(fault)
    return recorder


def _read_rings(case: Case, found: FoundRing, recorder: Recorder) -> None:
    sites = {} if case.image_is_wrong else case.sites
    decoder = RecordDecoder(case.knowledge, recorder.header, sites, recorder.hz or None)
    for number, now in enumerate(found.rings.counters()):
        recorder.rings.append(_ring(found.rings, decoder, number, now))


def _ring(rings: Rings, decoder: RecordDecoder, number: int, now: Counters) -> RingState:
    room = min(rings.header.record_count, MAX_RECORDS)
    ring = RingState(number, now.claimed, room, now.lost, now.lapped)
    last = min(now.claimed, MASK64 >> SEQUENCE_SHIFT)
    first = max(0, last - room)
    if first == last or not rings.header.records_virtual:
        return ring
    data, size = rings.records(number, first, last), rings.header.record_size
    for index, sequence in enumerate(range(first, last)):
        raw = data[index * size : (index + 1) * size]
        if believable(raw, sequence):
            ring.calls.append(_recorded(decoder, number, sequence, raw))
        elif _word(raw) == sequence << SEQUENCE_SHIFT | WRITING:
            ring.torn.append(sequence)
        elif not _may_be_old(_word(raw), sequence, rings.header.record_count):
            ring.damaged += 1
    return ring


def _word(raw: bytes) -> int:
    return int.from_bytes(raw[:8], "little")


def _may_be_old(word: int, sequence: int, count: int) -> bool:
    """Whether a slot that ``sequence`` was claimed for may still hold what it did before."""
    older = word >> SEQUENCE_SHIFT
    return word == 0 or (
        older <= sequence and older % count == sequence % count and word & STATE <= RETURNED
    )


def _recorded(decoder: RecordDecoder, ring: int, sequence: int, raw: bytes) -> Recorded:
    returned = _word(raw) & STATE == RETURNED
    return Recorded(
        event=decoder.event(raw, ring, sequence),
        ring=ring,
        sequence=sequence,
        raw=raw,
        entry=int.from_bytes(raw[8:16], "little"),
        leave=int.from_bytes(raw[16:24], "little") if returned else None,
    )
