# SPDX-License-Identifier: BSD-3-Clause
"""Notices a guest whose interrupts outrun its calls, each of which the debugger makes slow.

A traced call takes as long as some ticks of a timer. Where the handler of the tick makes calls too,
the guest may do nothing else any more: what it had interrupted never goes on.
"""

from typing import Callable

from acrn_trace.trace.event import Event
from acrn_trace.trace.sink import Sink

MANY = 100  # calls of one vCPU, in all of which another of its calls does not come back
SAID = (
    "vCPU {vcpu} has made {count} calls since {name} at {site}, which is not back: its interrupts "
    "may come faster than traced calls can be made, so that nothing else goes on; -b N ends the "
    "trace after N calls, and lets the guest go on"
)


class Outrun(Sink):
    """Hears of every call; ``tell`` is called once."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._is_told = False
        self._since: dict[int, tuple[Event, int]] = {}  # by vCPU, the oldest in flight; calls since

    def entered(self, event: Event) -> None:
        if self._is_told or event.vcpu is None:
            return
        oldest, count = self._since.get(event.vcpu, (event, -1))
        self._since[event.vcpu] = oldest, count + 1
        if count + 1 == MANY:
            self._is_told = True
            self._tell(SAID.format(vcpu=event.vcpu, count=MANY, name=oldest.name, site=oldest.site))

    def finished(self, event: Event) -> None:
        """It may have come back on another vCPU."""
        for vcpu, (oldest, _) in list(self._since.items()):
            if oldest.seq == event.seq:
                del self._since[vcpu]
