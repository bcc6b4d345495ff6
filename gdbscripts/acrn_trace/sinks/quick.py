# SPDX-License-Identifier: BSD-3-Clause
"""States what a sink says of its output: quicklines learns from it what differs between calls."""

from acrn_trace.trace.event import Event
from acrn_trace.trace.sink import Sink

# Of one event: the head of a trace that begins with it, what its lines begin with, the call, what
# stands for that where other lines came between, and the rest. Some sinks have the last part alone.
Sections = tuple[str, str, str, str, str]

# How the text of a call goes together (enum live_flag): of head and rest alone; when it is over;
# not shown when it is made; nor when it is over.
BARE, AT_ONCE, NO_ENTRY, NO_END = 1, 2, 4, 8


class QuickSink(Sink):
    """A sink of whose output quicklines.py can learn what goes on from one call to the next."""

    quick_flags = 0  # those that hold for all calls
    quick_start: float | None = None  # the time of the first line, when there is one

    @property
    def is_quick(self) -> bool:
        """Whether that is so with the options that it has."""
        return True

    def quick_sections(self, event: Event) -> Sections:
        """The text of an event that is over, but for the times that its lines begin with."""
        raise NotImplementedError

    def quick_text(self, text: str) -> None:
        """The sections of calls, put together; ``quick_start`` is that of the first."""
        raise NotImplementedError
