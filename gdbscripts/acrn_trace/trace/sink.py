# SPDX-License-Identifier: BSD-3-Clause
"""Defines what takes the events of a trace as they happen."""

from typing import IO

from acrn_trace.base.text import notice_line
from acrn_trace.trace.event import Event


class Sink:
    """The events of a trace, as they come; what a sink has no use for it leaves alone."""

    def entered(self, event: Event) -> None:
        """The call is in flight; ``finished`` follows, with other events between or not."""

    def finished(self, event: Event) -> None:
        """The call is over, one way or another. Every event comes here once."""

    def notice(self, text: str) -> None:
        """Something that happened to the guest or the trace, not to a call."""

    def remark(self, text: str) -> None:
        """A notice without which an empty trace would be taken for the truth."""
        self.notice(text)

    def close(self) -> None:
        """The trace is over."""


class Remarks(Sink):
    """Shows remarks on a terminal, beside a sink that has no notices."""

    def __init__(self, terminal: IO[str]) -> None:
        self._terminal = terminal

    def remark(self, text: str) -> None:
        self._terminal.write(notice_line(text))
        self._terminal.flush()
