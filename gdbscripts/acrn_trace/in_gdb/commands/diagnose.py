# SPDX-License-Identifier: BSD-3-Clause
"""Runs ``hypercall diagnose``: what happened to the guest that GDB looks at, stopped or dumped."""

import argparse

import gdb

from acrn_trace.at_rest.postmortem import examine
from acrn_trace.base.errors import TraceError
from acrn_trace.diagnosis.case import Case
from acrn_trace.diagnosis.report import report
from acrn_trace.diagnosis.standing import Line
from acrn_trace.guest.site import Site
from acrn_trace.image.image import Image
from acrn_trace.in_gdb.command import Command
from acrn_trace.in_gdb.image import current_image, current_sites, load_offset
from acrn_trace.in_gdb.prompt import matching
from acrn_trace.in_gdb.session import Session
from acrn_trace.in_gdb.snapshot import current_snapshot
from acrn_trace.options.declare import add_diagnose_options
from acrn_trace.options.parser import OptionParser
from acrn_trace.tables.knowledge import Knowledge


class HypercallDiagnose(Command):
    """Says what happened to the guest that GDB looks at."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, self._diagnose)

    def complete(self, text: str, word: str | None) -> list[str]:
        return matching(("--json",), word)

    def _diagnose(self, words: list[str]) -> None:
        options = _parse(words)
        for line in report(_current_case(self._session.knowledge), options.json):
            gdb.write(line + "\n")


def _parse(words: list[str]) -> argparse.Namespace:
    parser = OptionParser(prog="hypercall diagnose", add_help=False)
    add_diagnose_options(parser)
    return parser.parse_args(words)


def _current_case(knowledge: Knowledge) -> Case:
    snapshot = current_snapshot()
    image = current_image() if gdb.current_progspace().filename else None
    if image is None:
        return Case(examine(snapshot, None), knowledge)
    found = examine(snapshot, image, load_offset(image))
    return Case(found, knowledge, _sites(image), _line_of)


def _sites(image: Image) -> dict[int, Site]:
    try:
        return {site.address: site for site in current_sites(image)}
    except TraceError:  # an image that makes no calls: it may be the wrong one
        return {}


def _line_of(address: int) -> Line | None:
    place = gdb.find_pc_line(address)
    return (place.symtab.filename, place.line) if place.symtab and place.line else None


def make(_name: str, session: Session) -> Command:
    return HypercallDiagnose(session)
