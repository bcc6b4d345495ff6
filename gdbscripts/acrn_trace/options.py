# SPDX-License-Identifier: BSD-3-Clause
"""The options of a trace, the same for ``hypercall trace`` in GDB and for the launcher."""

import argparse
import shlex
from pathlib import Path
from typing import IO, Callable, Collection, NoReturn

from acrn_trace.base.console import standard_output
from acrn_trace.base.errors import TraceError
from acrn_trace.sinks import Output, Remarks, Sink, open_output
from acrn_trace.sinks.chrome import ChromeSink
from acrn_trace.sinks.jsonl import JsonlSink
from acrn_trace.sinks.stamps import Stamps
from acrn_trace.sinks.summary import ORDERS, SummarySink
from acrn_trace.sinks.text import TextSink
from acrn_trace.tables.calls import CallTable
from acrn_trace.tables.knowledge import Knowledge, acrn
from acrn_trace.trace.event import FINDING_KINDS
from acrn_trace.trace.filters import Filter
from acrn_trace.trace.rendering import Renderer

FORMATS = ("text", "jsonl", "chrome")


class OptionParser(argparse.ArgumentParser):
    """An argument parser whose complaint is a TraceError, for use where exit() is not ours."""

    def error(self, message: str) -> NoReturn:
        launcher = self.prog.startswith("acrn-trace")
        # What the launcher complains of begins with its name anyway.
        where = self.prog.removeprefix("acrn-trace").strip()
        how = f"{self.prog} --help" if launcher else f"help {self.prog}"
        raise TraceError(f"{where + ': ' if where else ''}{message}; '{how}' tells more")

    def _print_message(self, message: str, file: IO[str] | None = None) -> None:
        """Help and version, for a reader who may not want all of it. In GDB it is GDB's output."""
        if not self.prog.startswith("acrn-trace"):
            super()._print_message(message, file)
            return
        with standard_output():
            super()._print_message(message, file)


def add_filter_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        *("-e", "--expr"),
        action="append",
        default=[],
        metavar="EXPR",
        help="which calls: trace=CALL,… or trace=!CALL,… (a name, a number, %%CLASS or /REGEX), "
        "status=failed|successful|unfinished, vcpu=N, site=SYMBOL; several must all hold "
        "(docs/options.md has more)",
    )


def add_trace_options(parser: argparse.ArgumentParser) -> None:
    add_filter_option(parser)
    parser.add_argument("-o", "--output", metavar="FILE", help="write the trace to FILE")
    parser.add_argument(
        "-f", "--format", choices=FORMATS, default="text", help="the trace's form (default: text)"
    )
    parser.add_argument(
        "-c", "--summary-only", action="store_true", help="print only a summary, at the end"
    )
    parser.add_argument(
        "-C", "--summary", action="store_true", help="print the trace and a summary at the end"
    )
    parser.add_argument(
        "-k", "--stack", action="store_true", help="print the guest's call stack of each call"
    )
    parser.add_argument(
        *("-S", "--summary-sort-by"),
        choices=ORDERS,
        default="time",
        help="the order of the summary (default: time)",
    )
    _add_time_options(parser)
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="print arrays in full, not their beginning"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="print calls, no notices")


def _add_time_options(parser: argparse.ArgumentParser) -> None:
    """strace's. The head of the trace says whose time it is."""
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument(
        *("-t", "--absolute-timestamps"),
        action="count",
        default=0,
        help="begin lines with the time of day; -tt with microseconds, -ttt in seconds since 1970",
    )
    forms.add_argument(
        *("-r", "--relative-timestamps"),
        action="store_true",
        help="begin lines with the seconds since the line before",
    )
    parser.add_argument(
        "-T", "--syscall-times", action="store_true", help="show the time spent: always the case"
    )


# What the launcher sets in GDB: parameter, and option of the same name.
SITE_PARAMETERS = ("offset", "possible-sites", "hypervisor-symbols")


def add_site_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--offset",
        default="auto",
        metavar="OFFSET",
        help="how far from its link address a PIE or KASLR image is loaded (default: GDB's idea)",
    )
    parser.add_argument(
        "--possible-sites",
        action="store_const",
        const="on",
        default="off",
        help="trace possible sites too, not only the certain ones",
    )
    parser.add_argument(
        *("--hypervisor", "--hypervisor-symbols"),
        dest="hypervisor_symbols",
        default="",
        metavar="ELF",
        help="the hypervisor's own image: show each call at both ends",
    )


def add_knowledge_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        *("-x", "--load"),
        action="append",
        default=[],
        metavar="FILE",
        help="load a call table (.def) or models in Python (.py); may be given several times",
    )
    parser.add_argument(
        "--release", metavar="RELEASE", help="the release of ACRN whose calls are expected (v3.1 …)"
    )


def make_knowledge(options: argparse.Namespace) -> Knowledge:
    """The tables of the release and of the files; a model's own calls count, not what it does."""
    knowledge = acrn(options.release, [file for file in options.load if not _is_model(file)])
    models = [file for file in options.load if _is_model(file)]
    if models:
        from acrn_trace.act.mock.python import PythonModels

        for file in models:
            PythonModels().load(Path(file), knowledge)
    return knowledge


def _is_model(file: str) -> bool:
    return file.endswith(".py")


def mocks(options: argparse.Namespace) -> list[list[str]]:
    """What 'hypercall mock' would be given, for each --mock and each model of -x."""
    models = [[file] for file in options.load if _is_model(file)]
    return models + [[text] if _is_model(text) else shlex.split(text) for text in options.mock]


def add_mock_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--mock",
        action="append",
        default=[],
        metavar="MODEL",
        help="answer calls instead of a hypervisor: 'acrn [SETTING=VALUE…]', FILE.py, "
        "'NAME RETVAL' or replay:TRACE; may be given several times",
    )
    parser.add_argument(
        "--replay",
        action="append",
        dest="mock",
        type="replay:{}".format,
        metavar="TRACE",
        help="the same as --mock replay:TRACE",
    )


def make_sinks(options: argparse.Namespace, knowledge: Knowledge, stream: IO[str]) -> list[Sink]:
    """The sinks that ``options`` ask for, on the file that they name or else on ``stream``.

    Opens the file, so call it when all else is known to be right.
    """
    check_sinks(options)
    if options.output:
        output = open_output(options.output)
    else:
        output = Output(stream, "the terminal", interactive=True)
    sinks = sinks_on(output, options, knowledge)
    is_apart = options.output or options.summary_only
    if is_apart and not options.quiet and not any(isinstance(sink, TextSink) for sink in sinks):
        sinks.append(Remarks(stream))
    return sinks


def check_sinks(options: argparse.Namespace) -> None:
    """TraceError for what cannot go together."""
    if options.summary and options.format != "text":
        raise TraceError(
            f"-C puts its summary behind the trace, which is no {options.format} then; use -c, or "
            "'acrn-trace report -c' on the file"
        )


def sinks_on(output: Output, options: argparse.Namespace, knowledge: Knowledge) -> list[Sink]:
    """The sinks that ``options`` ask for, on an output that is open."""
    sinks: list[Sink] = []
    if not options.summary_only:
        sinks.append(_SINKS[options.format](options, knowledge, output))
    if options.summary_only or options.summary:
        sinks.append(SummarySink(output, options.summary_sort_by))
    return sinks


def _text(options: argparse.Namespace, knowledge: Knowledge, output: Output) -> Sink:
    renderer = Renderer(knowledge.table, knowledge.structures, options.verbose)
    forms = ("start", "clock", "micros", "epoch")
    form = "relative" if options.relative_timestamps else forms[min(options.absolute_timestamps, 3)]
    return TextSink(output, renderer, options.quiet, Stamps(form), options.stack)


_SINKS: dict[str, Callable[[argparse.Namespace, Knowledge, Output], Sink]] = {
    "text": _text,
    "jsonl": lambda _options, _knowledge, output: JsonlSink(output),
    "chrome": lambda _options, _knowledge, output: ChromeSink(output),
}


def add_fail_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        *("--fail-on",),
        action="append",
        default=[],
        choices=(*FINDING_KINDS, "any"),
        metavar="KIND",
        help="exit with status 1 on a finding of KIND (clobber …, or any)",
    )


def is_failure(options: argparse.Namespace, kinds: Collection[str]) -> bool:
    """Whether findings of ``kinds`` are what --fail-on asks about."""
    wanted = set(options.fail_on)
    return bool(wanted & set(kinds) or ("any" in wanted and kinds))


def make_filter(options: argparse.Namespace, table: CallTable) -> Filter:
    return Filter(options.expr, table)
