# SPDX-License-Identifier: BSD-3-Clause
"""Runs ``hypercall sites``: where the image makes hypercalls."""

from acrn_trace.base.errors import TraceError
from acrn_trace.in_gdb.command import Command
from acrn_trace.in_gdb.image import current_image, current_sites, load_offset
from acrn_trace.in_gdb.prompt import matching, say
from acrn_trace.in_gdb.session import Session
from acrn_trace.lint.linter import with_abis
from acrn_trace.sites.code_around import CodeAround
from acrn_trace.sites.listing import site_lines


class HypercallSites(Command):
    """Lists the sites of the image that GDB has."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, self._sites)

    def complete(self, text: str, word: str | None) -> list[str]:
        return matching(["-l"], word)

    def _sites(self, words: list[str]) -> None:
        if words not in ([], ["-l"]):
            raise TraceError(f"hypercall sites takes -l or nothing, and was given {words[-1]!r}")
        image = current_image()
        sites, table = current_sites(image), self._session.knowledge.table
        offset = load_offset(image)
        code = CodeAround(image, offset) if words else None
        sites = with_abis(image, self._session.knowledge, sites, offset)
        say(site_lines(sites, table, code))


def make(_name: str, session: Session) -> Command:
    return HypercallSites(session)
