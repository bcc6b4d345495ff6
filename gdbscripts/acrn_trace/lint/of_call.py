# SPDX-License-Identifier: BSD-3-Clause
"""Tells who is to blame for a call that went wrong, as far as the evidence goes.

A register that is not after VMCALL what it was before was changed by the hypervisor: nothing else
ran in between. What was wrong when VMCALL ran is the guest's own: lint tells from the code around
the site. Where R8 is not loaded, or an argument only in part, the call may be another than was
meant however well it went.
"""

from typing import Callable, Iterable

from acrn_trace.guest.abi import abis
from acrn_trace.guest.hypercall_page import BY_PAGE
from acrn_trace.guest.site import Site
from acrn_trace.image.image import Image
from acrn_trace.lint.catalog import EVERY
from acrn_trace.lint.findings import Found
from acrn_trace.lint.linter import Linter
from acrn_trace.lint.whose import others_meant
from acrn_trace.sites.disassembler import MissingCapstone
from acrn_trace.tables.calls import CallTable, Entry
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.trace.checks import Check
from acrn_trace.trace.event import Event, Finding
from acrn_trace.trace.pairing import Call

KNOWN_TO_THE_TRACE = {  # it shows such calls by their numbers, and whose they are
    "number-not-in-table",
    *(f"{abi}-call" for abi in abis()),
}
NO_NUMBER = "r8-never-loaded"  # where others may lose it, a call that went well had it
BYTE = 8  # bits: the least that an instruction sets of a register
NOT_IN_IMAGE = ("hand", "module", BY_PAGE)  # sites of which no code is to be judged
MAX_SITES = 1024  # whose findings are remembered

SiteFindings = Callable[[Site], list[Found]]


class SiteLint:
    """Lint's findings for single sites, when they are asked for."""

    def __init__(
        self, image: Image, knowledge: Knowledge, offset: int = 0, sites: Iterable[Site] = ()
    ) -> None:
        """``sites`` are those that may be asked for."""
        self._image, self._knowledge, self._offset = image, knowledge, offset
        self._sites = list(sites)
        self._linter: Linter | None = None
        self._known: dict[int, list[Found]] = {}

    def __call__(self, site: Site) -> list[Found]:
        if site.address not in self._known:
            if self._linter is None or len(self._known) >= MAX_SITES:
                wanted = EVERY - others_meant(self._image, self._sites)
                self._linter = Linter(self._image, self._knowledge, wanted, self._offset)
                self._linter.announce(self._sites)
                self._known.clear()
            self._known[site.address] = self._findings(self._linter, site)
        return self._known[site.address]

    def _findings(self, linter: Linter, site: Site) -> list[Found]:
        try:
            (verdict,) = linter.verdicts([site])
            return verdict.findings
        except MissingCapstone:
            return []  # records of sites do without: so does their trace


def guests_own(lint: SiteFindings, table: CallTable) -> Check:
    """What ``lint`` has to say of the site of a call that went wrong, or that ``table`` lacks.

    Of one that went well: whether its code does not load the number at all. Of an argument that is
    set in part, of any call: where the other bits were not 0.
    """

    def check(event: Event, call: Call) -> list[Finding]:
        entry = table.numbered(event.nr, event.abi)
        went_wrong = bool(event.clobbered) or event.failed or entry is None
        is_plain = not went_wrong and call.site.number is not None and not _is_large(entry, event)
        if call.site.source in NOT_IN_IMAGE or is_plain:
            return []
        return [
            Finding("guest-code", f"the guest's own code at {call.site}: {found.id}: {found.text}")
            for found in lint(call.site)
            if _is_told(found, went_wrong, call)
        ]

    return check


def is_told_of_any_call(findings: list[Found]) -> bool:
    """Whether one of a site's findings may be told of a call that went well."""
    return any(found.left or found.id == NO_NUMBER for found in findings)


def _is_large(entry: Entry | None, event: Event) -> bool:
    """Whether an argument that is mostly small has more bits than the least that code may set."""
    arguments = entry.arguments if entry else ()
    return any(
        argument.kind in ("VALUE", "VMID", "ENUM") and value % (1 << argument.bits) >> BYTE
        for argument, value in zip(arguments, event.args)
    )


def _is_told(found: Found, went_wrong: bool, call: Call) -> bool:
    if found.left:
        register, left = found.left
        return bool(call.entry.registers[register] & left)
    return found.id not in KNOWN_TO_THE_TRACE if went_wrong else found.id == NO_NUMBER
