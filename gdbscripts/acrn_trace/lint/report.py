# SPDX-License-Identifier: BSD-3-Clause
"""Shows verdicts on an image's sites: a line a finding, also as compilers' warnings, or JSON."""

import argparse
import json
from collections import Counter
from dataclasses import replace
from typing import Callable, Iterable, Iterator, Sequence

from acrn_trace.guest.abi import main_abi
from acrn_trace.guest.foreign import hypervisor_name
from acrn_trace.guest.site import Site
from acrn_trace.image.image import Image
from acrn_trace.lint.catalog import wanted_kinds
from acrn_trace.lint.linter import Found, Linter, Verdict
from acrn_trace.lint.whose import others_meant
from acrn_trace.tables.calls import CallTable
from acrn_trace.tables.knowledge import Knowledge

Work = Callable[[Sequence[Site]], Iterable[Verdict]]
LineOf = Callable[[int], tuple[str, int] | None]  # of an address, as the guest has it
Spread = Callable[[Work, Sequence[Site]], Iterable[Verdict]]


class Report:
    """The verdicts on an image's sites; ``findings`` are counted once it is printed."""

    def __init__(
        self,
        image: Image,
        sites: Iterable[Site],
        knowledge: Knowledge,
        options: argparse.Namespace,
        offset: int = 0,
        spread: Spread = lambda work, sites: work(sites),
        line_of: LineOf = lambda address: None,
    ) -> None:
        """``sites`` are where the guest has them, ``offset`` away from the image's addresses.

        ``options`` are those that ``options.declare`` has for lint. ``spread`` does work on sites,
        here or wherever. ``line_of`` is asked for the lines of sites that have none.
        """
        self._line_of = line_of
        self._form = _as_warning if options.format == "gcc" else _as_line
        self._spread = spread
        self._image = image
        sites = list(sites)
        self._sites = [s for s in sites if s.certain or options.possible_sites]
        self._left_out = len(sites) - len(self._sites)
        self._table: CallTable = knowledge.table
        wanted = wanted_kinds(options.only, options.disable)
        if not options.only:
            wanted -= others_meant(image, sites)
        self._linter = Linter(image, knowledge, wanted, offset)
        self._json = options.json
        self.findings = 0

    def lines(self) -> Iterator[str]:
        verdicts = self._counted()
        return self._as_json(verdicts) if self._json else self._as_text(verdicts)

    def _counted(self) -> Iterator[Verdict]:
        for verdict in self._spread(self._linter.verdicts, self._sites):
            self.findings += len(verdict.findings)
            if verdict.site.file is None and (verdict.findings or self._json):
                file, line = self._line_of(verdict.site.address) or (None, None)
                verdict = replace(verdict, site=replace(verdict.site, file=file, line=line))
            yield verdict

    def _as_text(self, verdicts: Iterable[Verdict]) -> Iterator[str]:
        known, others = 0, Counter[str]()
        for verdict in verdicts:
            known += verdict.number is not None
            others.update(_other(verdict.site))
            for found in verdict.findings:
                yield self._form(verdict.site, found, self._image.path)
        unknown = len(self._sites) - known
        yield (
            f"{_count(len(self._sites), 'site')}{_of(others)}, {_count(known, 'number')} known, "
            f"{unknown} unknown; {_count(self.findings, 'finding')}{self._omission()}"
        )

    def _omission(self) -> str:
        """What was not judged: sites of which it is not known that they are instructions."""
        if not self._left_out:
            return ""
        return f"; {_count(self._left_out, 'possible site')} not judged (see --possible-sites)"

    def _as_json(self, verdicts: Iterable[Verdict]) -> Iterator[str]:
        yield f'{{"image": {json.dumps(self._image.path)}, "sites": ['
        before = ""
        for verdict in verdicts:
            number, abi = verdict.number, verdict.site.abi.name
            name = None if number is None else self._table.call_name(number, abi)
            yield f"{before}{json.dumps(verdict.as_json(name))}"
            before = ","
        yield f'], "findings": {self.findings}, "not_judged": {self._left_out}}}'


def _as_line(site: Site, found: Found, _image: str) -> str:
    return f"{_where(site)}: {found.id}: {found.text}"


def _as_warning(site: Site, found: Found, image: str) -> str:
    """As editors and CI know warnings of compilers; the image's where no line is known."""
    place = f"{site.file}:{site.line}" if site.file and site.line else image
    inside = f" in {site.function}" if site.function else ""
    return f"{place}: warning: hypercall at {site.shown}{inside}: {found.text} [{found.id}]"


def _where(site: Site) -> str:
    words = [site.shown]
    if site.file:
        words.append(site.file.rsplit("/", 1)[-1] + (f":{site.line}" if site.line else ""))
    return " ".join([*words, *([site.function] if site.function else [])])


def _other(site: Site) -> list[str]:
    """The hypervisor that is called, if it is not the main one."""
    if site.other or site.abi is main_abi():
        return [site.other] if site.other else []
    return [hypervisor_name(site.abi.name)]


def _of(others: Counter[str]) -> str:
    told = ", ".join(f"{count} of {name}'s" for name, count in others.items())
    return f" ({told})" if told else ""


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
