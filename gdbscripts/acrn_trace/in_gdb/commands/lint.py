# SPDX-License-Identifier: BSD-3-Clause
"""Runs ``hypercall lint``: which hypercalls of the image will break."""

from acrn_trace.in_gdb.command import Command
from acrn_trace.in_gdb.image import current_image, current_sites, load_offset
from acrn_trace.in_gdb.prompt import matching, say
from acrn_trace.in_gdb.session import Session
from acrn_trace.lint.catalog import CATALOG, explain
from acrn_trace.lint.report import Report
from acrn_trace.options.declare import add_lint_options
from acrn_trace.options.parser import OptionParser


class HypercallLint(Command):
    """Judges the sites of the image that GDB has."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, self._lint)

    def complete(self, text: str, word: str | None) -> list[str]:
        options = [
            "--json",
            "--format",
            "--disable",
            "--only",
            "--explain",
            "--possible-sites",
            *CATALOG,
        ]
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


def make(_name: str, session: Session) -> Command:
    return HypercallLint(session)
