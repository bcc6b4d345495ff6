# SPDX-License-Identifier: BSD-3-Clause
"""Where events go. A sink that cannot write raises TraceError, which ends the trace."""

from typing import IO

from acrn_trace.base.errors import TraceError
from acrn_trace.base.text import printable
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
        self._terminal.write(printable(f"+++ {text} +++") + "\n")
        self._terminal.flush()


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


class Output:
    """A stream to write to, whose failures are sentences. The file, if it is one, is named."""

    def __init__(self, stream: IO[str], name: str, interactive: bool) -> None:
        self._stream = stream
        self._name = name
        self.interactive = interactive

    def write(self, text: str) -> None:
        try:
            self._stream.write(text)
        except OSError as error:
            raise self._failure(error) from error

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            raise self._failure(error) from error

    def _failure(self, error: OSError) -> TraceError:
        return TraceError(f"cannot write to {self._name}: {error.strerror}")


def open_output(path: str, live: bool = True) -> Output:
    """A file to write to: a ``live`` trace is complete on disk up to its last call."""
    try:
        stream = open(path, "w", buffering=1 if live else 1 << 16, encoding="utf-8")
    except OSError as error:
        raise TraceError(
            f"cannot write the trace to {path}: {error.strerror}; give -o another file"
        ) from error
    return Output(stream, path, interactive=False)
