# SPDX-License-Identifier: BSD-3-Clause
"""Judges the sites of an image: the rules asked one after the other of each site."""

from dataclasses import dataclass, field
from typing import Any, Callable, Iterable, Iterator

from acrn_trace.guest.abi import UNKNOWN, main_abi
from acrn_trace.guest.site import Site
from acrn_trace.image.image import Image
from acrn_trace.lint.catalog import EVERY
from acrn_trace.lint.findings import Found, Place
from acrn_trace.lint.program import Functions
from acrn_trace.lint.rule_argument import argument_findings
from acrn_trace.lint.rule_convention import convention_findings
from acrn_trace.lint.rule_exchange import exchange_findings
from acrn_trace.lint.rule_number import IN_32_BITS, number_findings
from acrn_trace.lint.rule_red_zone import red_zone_findings
from acrn_trace.lint.rule_structure import structure_findings
from acrn_trace.lint.rule_value import value_findings
from acrn_trace.lint.whose import by_code, is_told
from acrn_trace.sites.disassembler import MissingCapstone
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

    def with_abis(self, sites: Iterable[Site]) -> list[Site]:
        """The sites, each with the ABI by its code, where no record says it."""
        sites = list(sites)
        asked = [site for site in sites if not is_told(site)]
        self.announce(asked)
        places = {site.address: self.place(site) for site in asked}
        return [
            by_code(site, place) if (place := places.get(site.address)) else site for site in sites
        ]

    def verdicts(self, sites: Iterable[Site]) -> Iterator[Verdict]:
        """One for each of ``sites``, in their order."""
        sites = list(sites)
        self.announce(sites)
        for site in sites:
            yield self._verdict(site, self.place(site))

    def _linked(self, site: Site) -> int:
        return site.moved(-self._functions.offset).address

    def place(self, site: Site) -> Place | None:
        """The site in its function; None where no function is known around it."""
        if site.bits == 32:
            return None
        linked = self._linked(site)
        function = self._functions.around(linked)
        number = function.number_of(linked) if function else None
        if function is None or number is None:
            return None
        return Place(self._functions, function, number, self._knowledge)

    def _verdict(self, site: Site, place: Place | None) -> Verdict:
        if place is None:
            found = [IN_32_BITS] if site.bits == 32 and site.abi is main_abi() else []
            return Verdict(site, site.number, [one for one in found if one.id in self._wanted])
        found = list(convention_findings(place))
        is_callers = place.is_stub  # what the call is made with
        site = by_code(site, place)
        place = place.by(site.abi)
        if not found or site.abi.name not in (main_abi().name, UNKNOWN) and not is_callers:
            found += [found for rule in RULES for found in rule(place)]
        number = None if site.other else place.call_number
        return Verdict(
            site,
            site.number if number is None else number,
            [one for one in found if one.id in self._wanted],
        )


def with_abis(
    image: Image, knowledge: Knowledge, sites: Iterable[Site], offset: int = 0
) -> list[Site]:
    """The sites of an image, each with the ABI by its code; unchanged if nothing can decode it."""
    sites = list(sites)
    if all(map(is_told, sites)):
        return sites
    try:
        return Linter(image, knowledge, offset=offset).with_abis(sites)
    except MissingCapstone:
        return sites
