# SPDX-License-Identifier: BSD-3-Clause
"""What the commands in GDB have in common."""

from typing import Any, Callable, Iterable

import gdb

from acrn_trace.base.errors import TraceError
from acrn_trace.base.text import printable
from acrn_trace.in_gdb.image import learn_offset
from acrn_trace.in_gdb.target import flush_caches


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


class Command(gdb.Command):
    """A command whose failures are GDB errors of one sentence.

    ``read`` makes of its argument what ``run`` takes.
    """

    def __init__(
        self,
        name: str,
        kind: int,
        run: Callable[[Any], None],
        read: Callable[[str], Any] = gdb.string_to_argv,
        **more,
    ) -> None:
        super().__init__(name, kind, **more)
        self._run, self._read = run, read

    def invoke(self, argument: str, from_tty: bool) -> None:
        learn_offset()
        try:
            self._run(self._read(argument))
        except TraceError as error:
            raise complaint(error) from None
        finally:
            flush_caches()
