# SPDX-License-Identifier: BSD-3-Clause
"""Tells why a trace is not what its user wants: no call is answered, or no site was reached."""

from typing import Callable

from acrn_trace.in_gdb.below import ground_below, instruction_of
from acrn_trace.in_gdb.guest_memory import nesting
from acrn_trace.trace.unanswered import Answers


class Complaints:
    """``texts`` has those so far; ``tell`` shows one among the trace's lines."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self.answers = Answers(lambda event: ground_below(event.vcpu))
        self.texts: list[str] = []
        self.are_left = False  # to whoever ends the trace, who tells them

    def complain(self, unanswered: str | None = None) -> None:
        """Of ``unanswered``, or else of calls that there never were."""
        self._say(unanswered or self.answers.unreached(nesting().trouble), self.are_left)

    def of_end(self, end: str | None) -> None:
        """The trace ends; ``end`` is what became of the guest, None if it runs on."""
        self.complain(self.answers.unanswered(f"before {end}") if end else None)

    def of_reset(self) -> None:
        """TargetError where the guest goes in a circle."""
        self._say(self.answers.rebooted(), leave=False)

    def of_waiting(self) -> None:
        """A user who waited in vain for the first answer may be told that none will come."""
        where = instruction_of(self.answers.first) if self.answers.none_to_come else None
        if where:
            self.complain(self.answers.unanswered(f"and the guest is at {where} now"))

    def _say(self, text: str | None, leave: bool) -> None:
        if text:
            self.texts.append(text)
            if not leave:
                self._tell(text)
