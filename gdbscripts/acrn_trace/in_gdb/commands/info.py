# SPDX-License-Identifier: BSD-3-Clause
"""Runs ``info hypercalls``: the call table in use, or the calls in flight."""

from acrn_trace.base.errors import TraceError
from acrn_trace.in_gdb.command import Command
from acrn_trace.in_gdb.prompt import matching, say
from acrn_trace.in_gdb.session import Session
from acrn_trace.tables.listing import call_lines


class InfoHypercalls(Command):
    """Lists the calls that are known, or those in flight."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, self._info)

    def complete(self, text: str, word: str | None) -> list[str]:
        names = ["in-flight", *(entry.name for entry in self._session.knowledge.table)]
        return matching(names, word)

    def _info(self, words: list[str]) -> None:
        if words == ["in-flight"]:
            say(self._in_flight())
        elif len(words) > 1:
            raise TraceError("info hypercalls takes one regular expression, or in-flight")
        else:
            known = self._session.knowledge
            text = words[0] if words else ""
            say(call_lines(known.table, text, known.results.elsewhere))

    def _in_flight(self) -> list[str]:
        running = self._session.running()
        if not running:
            raise TraceError("no trace is running, so no call is known; start 'hypercall trace'")
        return running.in_flight() or ["No call is in flight."]


def make(_name: str, session: Session) -> Command:
    return InfoHypercalls(session)
