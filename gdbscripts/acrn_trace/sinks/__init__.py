# SPDX-License-Identifier: BSD-3-Clause
"""Where events go. A sink that cannot write raises TraceError, which ends the trace."""

from typing import IO

from acrn_trace.errors import TraceError
from acrn_trace.event import Event


class Sink:
    """The events of a trace, as they come; what a sink has no use for it leaves alone."""

    def entered(self, event: Event) -> None:
        """The call is in flight; ``finished`` follows, with other events between or not."""

    def finished(self, event: Event) -> None:
        """The call is over, one way or another. Every event comes here once."""

    def notice(self, text: str) -> None:
        """Something that happened to the guest or the trace, not to a call."""

    def close(self) -> None:
        """The trace is over."""


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
