# SPDX-License-Identifier: BSD-3-Clause
"""Speaks to the user at GDB's prompt: errors, lines, what completes a word, prefixes."""

import io
import sys
from collections.abc import Iterable

import gdb

from acrn_trace.base.errors import TraceError
from acrn_trace.base.text import printable


def complaint(error: TraceError) -> gdb.GdbError:
    """``error`` as GDB is to show it: a sentence with its end."""
    text = str(error)
    return gdb.GdbError(text if text.endswith("?") else f"{text}.")


def matching(names: Iterable[str], word: str | None) -> list[str]:
    """What completes ``word``; None is GDB asking how words end, and takes no list."""
    return [name for name in names if name.startswith(word)] if word is not None else []


def say(lines: Iterable[str]) -> None:
    for line in lines:
        gdb.write(printable(line) + "\n")


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


class Prefix(gdb.Command):
    """The first word of commands. By itself it lists them, as GDB's own prefixes do."""

    def __init__(self, name: str, kind: int) -> None:
        super().__init__(name, kind, gdb.COMPLETE_COMMAND, True)
        self._name = name

    def invoke(self, argument: str, from_tty: bool) -> None:
        if argument:  # GDB leaves unknown subcommands to a prefix that can be invoked
            word = printable(argument.split()[0])
            raise gdb.GdbError(
                f'Undefined {self._name} command: "{word}".  Try "help {self._name}".'
            )
        gdb.execute(f"help {self._name}", from_tty)
