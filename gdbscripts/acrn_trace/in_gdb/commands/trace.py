# SPDX-License-Identifier: BSD-3-Clause
"""Runs ``hypercall trace``: show the guest's calls from now on."""

import gdb

from acrn_trace.base.errors import TraceError
from acrn_trace.in_gdb.command import Command
from acrn_trace.in_gdb.image import is_dump
from acrn_trace.in_gdb.prompt import GdbStream, matching, say
from acrn_trace.in_gdb.session import Session
from acrn_trace.options.declare import FORMATS, add_bound_option, add_trace_options
from acrn_trace.options.parser import OptionParser
from acrn_trace.tables.call_selection import wide

NO_GUEST_YET = "No guest is connected yet: the trace begins when 'target remote' has connected one."


class HypercallTrace(Command):
    """Starts and ends the trace that the user asked for."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, self._trace)

    def complete(self, text: str, word: str | None) -> list[str]:
        names = ["off", "-b", "-e", "-o", "-f", *FORMATS, "-c", "-C", "-k", "-q", "-r", "-t", "-v"]
        names += ["trace=", "status=", "finding=", "vcpu=", "site=", *wide()]
        names += [entry.name for entry in self._session.knowledge.table]
        return matching(names, word)

    def _trace(self, words: list[str]) -> None:
        running = self._session.running()
        if words == ["off"]:
            if not running:
                raise TraceError("no trace is running; 'hypercall trace' starts one")
            self._session.stop()
            return
        if running:
            raise TraceError("a trace is running; 'hypercall trace off' ends it")
        if is_dump():
            raise TraceError("a dump makes no calls; 'hypercall diagnose' tells what it shows")
        parser = OptionParser(prog="hypercall trace", add_help=False)
        add_trace_options(parser)
        add_bound_option(parser)
        options = parser.parse_args(words)
        self._session.start(options, GdbStream())
        if gdb.selected_thread() is None:
            say([NO_GUEST_YET])


def make(_name: str, session: Session) -> Command:
    return HypercallTrace(session)
