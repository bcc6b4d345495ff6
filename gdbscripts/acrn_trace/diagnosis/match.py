# SPDX-License-Identifier: BSD-3-Clause
"""Names what a rule's evidence function yields, and calls in its sentences."""

from dataclasses import dataclass, field
from typing import Any

from acrn_trace.diagnosis.case import PROBABLE, Diagnosis, Recorded
from acrn_trace.sinks.text import result_text


@dataclass(frozen=True)
class Match:
    """``words`` fill the sentence; ``evidence`` are clauses, each of one fact."""

    words: dict[str, Any] = field(default_factory=dict)
    evidence: tuple[str, ...] = ()
    certainty: str = PROBABLE
    vcpu: int | None = None


def called(call: Recorded) -> str:
    """``create_vm at calls.c:20 create_vm``."""
    return f"{call.event.name} at {call.event.site}" if call.event.site else call.event.name


def with_result(call: Recorded) -> str:
    """``start_vm = -1 (failed; = EPERM)``."""
    if call.event.status == "faulted":
        return f"{called(call)}, which faulted"
    return f"{called(call)} = {result_text(call.event)}"


def record_of(call: Recorded) -> str:
    """``record 4 of ring 0``."""
    return f"record {call.sequence} of ring {call.ring}"


def at_least(diagnosis: Diagnosis, call: Recorded) -> str:
    """For how long a call in flight has been under way, as far as the rings tell."""
    seconds = diagnosis.seconds_since(call.entry)
    if seconds is None or call.entry == (diagnosis.recorder and diagnosis.recorder.newest):
        return "for an unknown time (nothing in any ring is newer)"
    return f"for at least {seconds:.6f} s (by the newest time in any ring)"
