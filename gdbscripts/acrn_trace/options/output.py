# SPDX-License-Identifier: BSD-3-Clause
"""Makes of the options what whoever writes a trace shares: sinks, and the reader in C."""

import argparse

from acrn_trace.base.output import Output
from acrn_trace.base.text import notice_line
from acrn_trace.sinks.stamps import Stamps

_STAMPS = ("start", "clock", "micros", "epoch")  # by how many -t there are


class TraceOutput:
    """Where a trace is written, in which forms, and how far it has come.

    ``form`` is one of FORMATS, None where no call is shown; ``stamps`` begin the lines of text, and
    ``summary`` comes at the end: each is None where it is not asked for.
    """

    def __init__(self, output: Output, options: argparse.Namespace) -> None:
        self.output = output
        self.form: str | None = None if options.summary_only else options.format
        self.is_quiet: bool = options.quiet
        self.stamps = Stamps(_form_of_stamps(options)) if self.form == "text" else None
        self.summary = _summary(output, options)

    def notice(self, text: str) -> None:
        """A line of its own, between two calls, where the form is text."""
        if self.stamps and not self.is_quiet:
            self.output.write(notice_line(text))

    def close(self) -> None:
        """The end of a trace that no sink was shown."""
        if self.summary:
            self.summary.write()
        self.output.flush()


def _summary(output: Output, options: argparse.Namespace):
    """The SummaryTable, which few ask for; None where it is not asked for."""
    if not (options.summary_only or options.summary):
        return None
    from acrn_trace.sinks.summary_table import SummaryTable

    return SummaryTable(output, options.summary_sort_by)


def _form_of_stamps(options: argparse.Namespace) -> str:
    if options.relative_timestamps:
        return "relative"
    return _STAMPS[min(options.absolute_timestamps, 3)]
