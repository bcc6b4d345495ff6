# SPDX-License-Identifier: BSD-3-Clause
"""Shows verdicts on an image's sites: a line a finding, or JSON."""

import argparse
import json
from typing import Callable, Iterable, Iterator, Sequence

from acrn_trace.guest.site import Site
from acrn_trace.image.image import Image
from acrn_trace.lint.catalog import wanted_kinds
from acrn_trace.lint.linter import Linter, Verdict
from acrn_trace.tables.calls import CallTable
from acrn_trace.tables.knowledge import Knowledge

Work = Callable[[Sequence[Site]], Iterable[Verdict]]
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
    ) -> None:
        """``sites`` are where the guest has them, ``offset`` away from the image's addresses.

        ``options`` are those that ``options.declare`` has for lint. ``spread`` does work on sites,
        here or wherever.
        """
        self._spread = spread
        self._image = image
        self._sites = [s for s in sites if s.certain or options.possible_sites]
        self._table: CallTable = knowledge.table
        self._linter = Linter(image, knowledge, wanted_kinds(options.only, options.disable), offset)
        self._json = options.json
        self.findings = 0

    def lines(self) -> Iterator[str]:
        verdicts = self._counted()
        return self._as_json(verdicts) if self._json else self._as_text(verdicts)

    def _counted(self) -> Iterator[Verdict]:
        for verdict in self._spread(self._linter.verdicts, self._sites):
            self.findings += len(verdict.findings)
            yield verdict

    def _as_text(self, verdicts: Iterable[Verdict]) -> Iterator[str]:
        known = 0
        for verdict in verdicts:
            known += verdict.number is not None
            for found in verdict.findings:
                yield f"{_where(verdict.site)}: {found.id}: {found.text}"
        unknown = len(self._sites) - known
        yield (
            f"{_count(len(self._sites), 'site')}, {_count(known, 'number')} known, "
            f"{unknown} unknown; {_count(self.findings, 'finding')}"
        )

    def _as_json(self, verdicts: Iterable[Verdict]) -> Iterator[str]:
        yield f'{{"image": {json.dumps(self._image.path)}, "sites": ['
        before = ""
        for verdict in verdicts:
            name = None if verdict.number is None else self._table.call_name(verdict.number)
            yield f"{before}{json.dumps(verdict.as_json(name))}"
            before = ","
        yield f'], "findings": {self.findings}}}'


def _where(site: Site) -> str:
    words = [f"{site.address:#x}"]
    if site.file:
        words.append(site.file.rsplit("/", 1)[-1] + (f":{site.line}" if site.line else ""))
    return " ".join([*words, *([site.function] if site.function else [])])


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
