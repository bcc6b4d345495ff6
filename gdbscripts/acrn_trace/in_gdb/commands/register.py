# SPDX-License-Identifier: BSD-3-Clause
"""Registers with GDB every command, function and parameter; what they do is loaded later."""

import importlib
from types import ModuleType
from typing import Any

import gdb

from acrn_trace.base.errors import TraceError
from acrn_trace.in_gdb import disassembler, events
from acrn_trace.in_gdb.commands import parameters
from acrn_trace.in_gdb.commands.registry import COMMANDS, FUNCTIONS, Function, Row
from acrn_trace.in_gdb.prompt import Prefix, complaint


class Hypercall(Prefix):
    """Trace the hypercalls of a guest (alias: hc)."""

    def __init__(self) -> None:
        super().__init__("hypercall", gdb.COMMAND_TRACEPOINTS)


class LateCommand(gdb.Command):
    """A command of GDB's that is made, from its row, when it is first used or completed."""

    def __init__(self, row: Row) -> None:
        self.__doc__ = row.help  # GDB keeps what it is now
        self._row, self._command = row, None
        completer = () if row.completer is None else (row.completer,)
        super().__init__(row.name, row.kind, *completer)

    def invoke(self, argument: str, _from_tty: bool) -> None:
        try:
            command = self._made()
        except TraceError as error:  # a library that is missing
            raise complaint(error) from None
        command.invoke(argument)

    def complete(self, text: str, word: str | None) -> list[str]:
        try:
            return self._made().complete(text, word)
        except TraceError:  # the command itself says it
            return []

    def _made(self) -> Any:
        if self._command is None:
            try:
                self._command = self._make()
            except ImportError as error:
                raise TraceError(
                    f"the Python of this GDB lacks what '{self._row.name}' needs: {error}; use a "
                    "GDB whose Python is the system's"
                ) from None
        return self._command

    def _make(self) -> Any:
        session = _module("session").current_session()
        return _module(f"commands.{self._row.module}").make(self._row.name, session)


class LateFunction(gdb.Function):
    """A convenience function whose module is loaded when it is first called."""

    def __init__(self, row: Function) -> None:
        self.__doc__ = row.help
        self._row = row
        super().__init__(row.name)

    def invoke(self, *arguments: gdb.Value) -> Any:
        module = _module(f"commands.{self._row.module}")
        return getattr(module, self._row.name.removeprefix("_hypercall_").lstrip("_"))(*arguments)


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"acrn_trace.in_gdb.{name}")


def register() -> None:
    """Define every command."""
    Hypercall()
    for row in COMMANDS:
        LateCommand(row)
    for row in FUNCTIONS:
        LateFunction(row)
    parameters.register()
    disassembler.register()
    gdb.execute(events.LISTED)
    gdb.execute("alias hc = hypercall")
