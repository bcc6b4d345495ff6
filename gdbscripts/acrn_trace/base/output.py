# SPDX-License-Identifier: BSD-3-Clause
"""Writes text to a stream or a file, and says in a sentence when that fails."""

import io

from acrn_trace.base.errors import TraceError


class Output:
    """A stream to write to, whose failures are sentences. The file, if it is one, is named."""

    def __init__(self, stream: io.TextIOBase, name: str, interactive: bool) -> None:
        self._stream = stream
        self._name = name
        self.interactive = interactive

    def write(self, text: str) -> None:
        try:
            self._stream.write(text)
        except OSError as error:
            raise self._failure(error) from error

    def write_utf8(self, text: memoryview) -> None:
        """Text that is UTF-8 already; past the stream's own encoding where that is the same."""
        try:
            if getattr(self._stream, "encoding", None) == "utf-8" and self._buffer:
                self._stream.flush()
                self._buffer.write(text)
            else:
                self._stream.write(str(text, "utf-8"))
            if self.interactive:
                self._stream.flush()
        except OSError as error:
            raise self._failure(error) from error

    @property
    def _buffer(self) -> io.BufferedIOBase | None:
        return getattr(self._stream, "buffer", None)

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
