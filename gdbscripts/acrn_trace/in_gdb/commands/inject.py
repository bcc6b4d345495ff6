# SPDX-License-Identifier: BSD-3-Clause
"""Runs ``hypercall inject``: tamper with the calls of a running guest."""

from typing import Iterable

import gdb

from acrn_trace.act.inject import Injector
from acrn_trace.act.inject_grammar import OPTION_NAMES, parse_rule
from acrn_trace.act.inject_poke import REGISTERS
from acrn_trace.base.errors import TraceError
from acrn_trace.in_gdb.command import Command
from acrn_trace.in_gdb.guest_memory import GuestPhysicalMemory
from acrn_trace.in_gdb.prompt import matching
from acrn_trace.in_gdb.session import Session
from acrn_trace.tables.call_selection import wide
from acrn_trace.tables.errnos import errors_of


class HypercallInject(Command):
    """Tampers with calls, by rules in the grammar of strace."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, self._inject)
        self._injector: Injector | None = None

    def complete(self, text: str, word: str | None) -> list[str]:
        return matching(self._words(text), word)

    def _words(self, text: str) -> Iterable[str]:
        names = [entry.name for entry in self._session.knowledge.table]
        if ":" not in text:
            return ["off", *wide(), *names]
        key, equals, _ = text.rpartition(":")[2].partition("=")
        if not equals:
            return [name if name == "skip" else f"{name}=" for name in OPTION_NAMES] + ["skip"]
        if key == "error":
            return list(errors_of().results)
        return REGISTERS if key.startswith("poke") else []

    def _inject(self, words: list[str]) -> None:
        if not words:
            self._list()
        elif words == ["off"]:
            self._off()
        elif len(words) > 1:
            raise TraceError("hypercall inject takes one rule without blanks, or off; see its help")
        else:
            rule = parse_rule(words[0], self._session.knowledge)
            if self._injector is None:
                injector = Injector(self._session.knowledge, GuestPhysicalMemory())
                self._session.intervene(injector)
                self._injector = injector
            self._injector.rules.append(rule)
            gdb.write(f"Injected from now on: {rule.text}\n")

    def _off(self) -> None:
        if self._injector is None:
            raise TraceError("nothing is injected; 'hypercall inject CALLS:OPTION' does that")
        self._session.withdraw(self._injector)
        self._injector = None

    def _list(self) -> None:
        rules = self._injector.rules if self._injector else []
        for rule in rules:
            gdb.write(f"{rule.text}  ({rule.count} calls so far)\n")
        if not rules:
            gdb.write("Nothing is injected.\n")


def make(_name: str, session: Session) -> Command:
    return HypercallInject(session)
