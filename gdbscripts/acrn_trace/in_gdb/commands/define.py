# SPDX-License-Identifier: BSD-3-Clause
"""Runs ``hypercall define``: a new call is one line of a call table, typed at the prompt."""

import gdb

from acrn_trace.base.errors import TraceError
from acrn_trace.base.text import printable
from acrn_trace.in_gdb.command import Command
from acrn_trace.in_gdb.prompt import matching
from acrn_trace.in_gdb.session import Session
from acrn_trace.in_gdb.types import guest_types
from acrn_trace.tables.calls import KINDS


class HypercallDefine(Command):
    """Adds the call that a line of a call table states."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, self._define)

    def complete(self, text: str, word: str | None) -> list[str]:
        words = ["'HYPERCALL0(", "'HYPERCALL1(", "'HYPERCALL2(", *(f"{kind}(" for kind in KINDS)]
        return matching(words, word)

    def _define(self, words: list[str]) -> None:
        if not words:
            raise TraceError("hypercall define takes one line of a call table, in quotes")
        knowledge = self._session.knowledge
        entry, replaced = knowledge.define(" ".join(words))
        for old in replaced:
            gdb.write(printable(f"{entry.name} replaces {old}") + "\n")
        types = knowledge.types
        if types.guest_types is None:  # a trace would bring its own
            types.guest_types = guest_types(types.own_fields, lambda text: None)
        for name in knowledge.unknown_types(entry):
            text = f"{entry.name}: neither ACRN nor the image that GDB has loaded has a type {name}"
            gdb.write(printable(text) + "\n")


def make(_name: str, session: Session) -> Command:
    return HypercallDefine(session)
