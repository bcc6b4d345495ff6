# SPDX-License-Identifier: BSD-3-Clause
"""The GDB commands: thin, each over something that other modules do."""

from pathlib import Path

import gdb

from acrn_trace.base.errors import TraceError
from acrn_trace.in_gdb import disassembler, parameters
from acrn_trace.in_gdb.command import Command, Prefix, matching, say
from acrn_trace.in_gdb.commands import catch, define, diagnose, inject, mock
from acrn_trace.in_gdb.commands.call import HypercallCall
from acrn_trace.in_gdb.commands.ring import HypercallRing
from acrn_trace.in_gdb.image import current_image, current_sites, is_dump, load_offset
from acrn_trace.in_gdb.session import Session, current_session
from acrn_trace.in_gdb.stream import GdbStream
from acrn_trace.lint.catalog import CATALOG, explain
from acrn_trace.lint.foreign import foreign_sites
from acrn_trace.lint.report import Report
from acrn_trace.options.declare import add_lint_options, add_trace_options
from acrn_trace.options.parser import OptionParser
from acrn_trace.sinks.forms import FORMATS
from acrn_trace.sites.code_around import CodeAround
from acrn_trace.sites.listing import site_lines
from acrn_trace.tables.call_selection import WIDE
from acrn_trace.tables.listing import call_lines, regular_expression

NO_GUEST_YET = "No guest is connected yet: the trace begins when 'target remote' has connected one."


class HypercallTrace(Command):
    """Trace the guest's hypercalls from now on.

    hypercall trace [-e EXPR]... [-o FILE] [-f text|jsonl|chrome] [-c | -C] [-k] [-q]
    hypercall trace off

    Connect first ('target remote ...'), then 'hypercall trace', then 'continue'.
      -e trace=CALL,...   only these calls (trace=!CALL,...: all but these): names, numbers,
                          %CLASS, /REGEX; also
                          status=failed|successful|unfinished, vcpu=N, site=SYMBOL
      -o FILE             write to FILE instead of here
      -f jsonl, chrome    one JSON object a call, or a file for Perfetto's UI
      -c, -C              a summary at the end, alone or after the trace (-S: its order)
      -k                  with the guest's call stack of each call
      -t, -tt, -ttt, -r   time of day, or since the call before
      -v                  arrays in full
      -q                  no notices, calls only"""

    def __init__(self, session: Session) -> None:
        super().__init__("hypercall trace", gdb.COMMAND_TRACEPOINTS, self._trace)
        self._session = session

    def complete(self, text: str, word: str | None) -> list[str]:
        names = ["off", "-e", "-o", "-f", *FORMATS, "-c", "-C", "-k", "-q", "-r", "-t", "-v"]
        names += ["trace=", "status=", "vcpu=", "site=", *WIDE]
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
        options = parser.parse_args(words)
        self._session.start(options, GdbStream())
        if gdb.selected_thread() is None:
            say([NO_GUEST_YET])


class HypercallSites(Command):
    """List the hypercall sites of the image: address, call, file and line, function.

    hypercall sites [-l]

    Sites come from the image's records and from its code. A possible site may be something else.
      -l    with the disassembly around each"""

    def __init__(self, session: Session) -> None:
        super().__init__("hypercall sites", gdb.COMMAND_STATUS, self._sites)
        self._session = session

    def complete(self, text: str, word: str | None) -> list[str]:
        return matching(["-l"], word)

    def _sites(self, words: list[str]) -> None:
        if words not in ([], ["-l"]):
            raise TraceError(f"hypercall sites takes -l or nothing, and was given {words[-1]!r}")
        image = current_image()
        sites, table = current_sites(image), self._session.knowledge.table
        offset = load_offset(image)
        code = CodeAround(image, offset) if words else None
        foreign = foreign_sites(image, self._session.knowledge, sites, offset)
        say(site_lines(sites, table, code, foreign))


class HypercallLint(Command):
    """Find hypercalls of the image that will break, from the code around each site.

    hypercall lint [--json] [--disable ID]... [--only ID]... [--possible-sites]
    hypercall lint --explain ID

    Does R8 hold the number when VMCALL runs, and does the code use what the call has lost?"""

    def __init__(self, session: Session) -> None:
        super().__init__("hypercall lint", gdb.COMMAND_STATUS, self._lint)
        self._session = session

    def complete(self, text: str, word: str | None) -> list[str]:
        options = ["--json", "--disable", "--only", "--explain", "--possible-sites", *CATALOG]
        return matching(options, word)

    def _lint(self, words: list[str]) -> None:
        parser = OptionParser(prog="hypercall lint", add_help=False)
        add_lint_options(parser)
        options = parser.parse_args(words)
        if options.explain:
            say(explain(options.explain).splitlines())
            return
        image = current_image()
        sites, offset = current_sites(image), load_offset(image)
        say(Report(image, sites, self._session.knowledge, options, offset).lines())


class HypercallLoad(Command):
    """Load a call table or models: hypercall load FILE.def, hypercall load FILE.py

    A table's calls are traced by name like ACRN's own; one of the same number or name is replaced.
    The functions of a Python file answer calls, as 'hypercall mock FILE.py' does.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(
            "hypercall load", gdb.COMMAND_FILES, self._load, completer_class=gdb.COMPLETE_FILENAME
        )
        self._session = session

    def _load(self, words: list[str]) -> None:
        if len(words) != 1:
            raise TraceError("hypercall load takes one file, a call table (.def) or a model (.py)")
        path = Path(words[0]).expanduser()
        if path.suffix == ".py":
            mock.the_mock(self._session).load(path)
        else:
            self._session.knowledge.load(path)


class InfoHypercalls(Command):
    """Show the call table in use, or the calls in flight.

    info hypercalls [REGEXP]     the calls whose name matches REGEXP, or all
    info hypercalls in-flight    the calls that have not returned"""

    def __init__(self, session: Session) -> None:
        super().__init__("info hypercalls", gdb.COMMAND_STATUS, self._info)
        self._session = session

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
            wanted = regular_expression(words[0] if words else "")
            say(call_lines(known.table, wanted, known.results.elsewhere))

    def _in_flight(self) -> list[str]:
        running = self._session.running()
        if not running:
            raise TraceError("no trace is running, so no call is known; start 'hypercall trace'")
        return running.in_flight() or ["No call is in flight."]


class Hypercall(Prefix):
    """Trace the hypercalls of a guest (alias: hc)."""

    def __init__(self) -> None:
        super().__init__("hypercall", gdb.COMMAND_TRACEPOINTS)


def register() -> Session:
    """Define every command."""
    session = current_session()
    Hypercall()
    HypercallTrace(session)
    HypercallSites(session)
    HypercallLint(session)
    HypercallLoad(session)
    mock.register(session)
    InfoHypercalls(session)
    HypercallRing(session.knowledge)
    diagnose.register(session.knowledge)
    HypercallCall(session)
    parameters.register(session.knowledge)
    define.register(session)
    inject.register(session)
    catch.register(session)
    disassembler.register(session.knowledge)
    gdb.execute("alias hc = hypercall")
    return session
