# SPDX-License-Identifier: BSD-3-Clause
"""GDB's console as a stream that sinks write to."""

import io
import sys

import gdb


class GdbStream(io.TextIOBase):
    """GDB's console. On a terminal its log stream, which neither the pager nor the TUI breaks."""

    def __init__(self) -> None:
        terminal = sys.__stdout__ is not None and sys.__stdout__.isatty()
        self._stream = gdb.STDLOG if terminal else gdb.STDOUT

    def write(self, text: str) -> int:
        gdb.write(text, self._stream)
        return len(text)

    def flush(self) -> None:
        gdb.flush(self._stream)
