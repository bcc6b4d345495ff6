# SPDX-License-Identifier: BSD-3-Clause
"""States what finds more in calls than the decoder does, of a guest that runs."""

from typing import Iterable, Protocol, Sequence

from acrn_trace.trace.event import Finding


class Judge(Protocol):
    """Finds what is wrong with calls of a guest that runs, as C asks (cstub/reader/asks.h)."""

    numbers: Sequence[int]  # of the main ABI's calls that it must see
    sites: Sequence[int]  # addresses

    def findings(self, call: bytes, live: bytes) -> Iterable[Finding]:
        """On a call that is over: its object of JSONL, and that of show_live_json()."""
