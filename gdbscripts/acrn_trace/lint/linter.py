# SPDX-License-Identifier: BSD-3-Clause
"""Judges the sites of an image: the rules asked one after the other of each site."""

from dataclasses import dataclass, field
from typing import Any, Callable, Iterable, Iterator

from acrn_trace.guest.site import Site
from acrn_trace.image.image import Image
from acrn_trace.lint.catalog import EVERY
from acrn_trace.lint.findings import Found, Place
from acrn_trace.lint.program import Functions
from acrn_trace.lint.rule_argument import argument_findings
from acrn_trace.lint.rule_convention import convention_findings
from acrn_trace.lint.rule_exchange import exchange_findings
from acrn_trace.lint.rule_number import number_findings
from acrn_trace.lint.rule_red_zone import red_zone_findings
from acrn_trace.lint.rule_structure import structure_findings
from acrn_trace.lint.rule_value import value_findings
from acrn_trace.tables.knowledge import Knowledge

Rule = Callable[[Place], Iterator[Found]]
RULES: tuple[Rule, ...] = (
    number_findings,
    value_findings,
    exchange_findings,
    argument_findings,
    structure_findings,
    red_zone_findings,
)


@dataclass
class Verdict:
    """What lint says of one site. ``number`` is None where the code does not tell it."""

    site: Site
    number: int | None = None
    findings: list[Found] = field(default_factory=list)

    def as_json(self, name: str | None) -> dict[str, Any]:
        return {
            "site": self.site.shown,
            "symbol": self.site.function,
            "file": self.site.file,
            "line": self.site.line,
            "certain": self.site.certain,
            "nr": None if self.number is None else hex(self.number),
            "name": name,
            "findings": [{"kind": found.id, "text": found.text} for found in self.findings],
        }


class Linter:
    """Judges the sites of one image."""

    def __init__(
        self,
        image: Image,
        knowledge: Knowledge,
        wanted: frozenset[str] = EVERY,
        offset: int = 0,
    ) -> None:
        """``offset``: how far the guest, and the sites, are from the image's own addresses."""
        self._functions = Functions(image, offset)
        self._knowledge = knowledge
        self._wanted = wanted

    def announce(self, sites: Iterable[Site]) -> None:
        """Tell of which sites verdicts will be asked for: their callers are found in one go."""
        self._functions.announce(self._linked(site) for site in sites)

    def verdicts(self, sites: Iterable[Site]) -> Iterator[Verdict]:
        """One for each of ``sites``, in their order."""
        sites = list(sites)
        self.announce(sites)
        for site in sites:
            yield self._verdict(site, self._place(site))

    def _linked(self, site: Site) -> int:
        return site.moved(-self._functions.offset).address

    def _place(self, site: Site) -> Place | None:
        linked = self._linked(site)
        function = self._functions.around(linked)
        number = function.number_of(linked) if function else None
        if function is None or number is None:
            return None
        return Place(self._functions, function, number, self._knowledge)

    def _verdict(self, site: Site, place: Place | None) -> Verdict:
        if place is None:
            return Verdict(site, site.number)
        found = list(convention_findings(place))
        if not found:
            found = [found for rule in RULES for found in rule(place)]
        number = place.call_number
        return Verdict(
            site,
            site.number if number is None else number,
            [one for one in found if one.id in self._wanted],
        )
