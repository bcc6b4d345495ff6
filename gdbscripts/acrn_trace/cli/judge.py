# SPDX-License-Identifier: BSD-3-Clause
"""Finds what is wrong with the calls that QEMU's plugin saw, as a trace by breakpoints does: by
what the trace has seen before, and by the code around the site.
"""

import json
from typing import Any, Iterator

from acrn_trace.guest.abi import main_abi
from acrn_trace.guest.site import Site
from acrn_trace.guest.stop import Stop
from acrn_trace.image.image import Image
from acrn_trace.lint.of_call import SiteLint, guests_own, is_told_of_any_call
from acrn_trace.rings.recording import event_in
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.trace.decode import changed_inputs
from acrn_trace.trace.event import Event, Finding
from acrn_trace.trace.pairing import Call
from acrn_trace.trace.results import ResultChecker
from acrn_trace.trace.seen_vms import BECOMES


class PluginJudge:
    """A Judge (rings.report) of a guest that is traced from its boot on.

    Without an image nothing is known of the code. A result that may be none because RAX was left
    as it was is not found: the plugin does not keep what RAX was.
    """

    def __init__(self, knowledge: Knowledge, image: Image | None, sites: list[Site]) -> None:
        self._sites = {site.address: site for site in sites}
        table, rules = knowledge.table, knowledge.results
        self._results = ResultChecker(table, rules, knowledge.explain, lambda: True)
        names = {*BECOMES, *rules.needs_call.values()}
        entries = [entry for entry in map(table.named, names) if entry]
        self.numbers = [entry.number for entry in entries if entry.abi == main_abi().name]
        self._lint = SiteLint(image, knowledge, sites=sites) if image else None
        self._of_code = guests_own(self._lint, table) if self._lint else None
        self.sites = [site.address for site in sites if self._is_odd(site)]

    def _is_odd(self, site: Site) -> bool:
        """Whether any call there is to be seen, as its code says nothing of the number."""
        is_known = site.number is not None or self._lint is None
        return not is_known and is_told_of_any_call(self._lint(site))

    def findings(self, call: bytes, live: bytes) -> Iterator[Finding]:
        event, known = event_in(call), json.loads(live)
        yield from changed_inputs(known)
        if event.answered_by == "inject":
            return  # what an injection answered is no news
        yield from self._results.check(event)
        site = self._sites.get(event.site.address) if event.site else None
        if site and self._of_code:
            yield from self._of_code(event, _call(event, site))


def _call(event: Event, site: Site) -> Call:
    """As far as the event says what was in the registers."""
    abi = site.abi
    registers: dict[str, Any] = dict(zip(abi.arguments, event.args))
    registers.setdefault(abi.number, event.nr)
    stop = Stop(event.vcpu or 0, event.time, registers)
    return Call(event.seq, site, stop, stop)
