# SPDX-License-Identifier: BSD-3-Clause
"""Lists sites for people."""

from typing import Iterable, Iterator, Mapping

from acrn_trace.guest.site import Site
from acrn_trace.sites.code_around import CodeAround
from acrn_trace.tables.calls import CallTable


def site_lines(
    sites: Iterable[Site],
    table: CallTable,
    code: CodeAround | None = None,
    foreign: Mapping[int, str] | None = None,
) -> Iterator[str]:
    """A heading, a line a site with the ``code`` around it, and how many there are.

    ``foreign``: the hypervisor by the address of each site that calls another than ACRN.
    """
    sites, others = list(sites), foreign or {}
    yield f"{'ADDRESS':18} {'CALL':26} WHERE"
    for site in sites:
        address = site.named or f"{site.address:#018x}"
        yield f"{address:18} {_call(site, table, others):26} {site}{_doubt(site)}"
        yield from code.lines(site, call_comment(site, table)) if code else ()
    yield count_line(sites) + (f"; {len(others)} of another hypervisor" if others else "")


def _call(site: Site, table: CallTable, foreign: Mapping[int, str]) -> str:
    other = foreign.get(site.address)
    return f"({other}'s)" if other else site_call(site, table)


def site_call(site: Site, table: CallTable) -> str:
    """The name of the call that the site makes, as far as the code tells."""
    return "?" if site.number is None else table.call_name(site.number)


def call_comment(site: Site, table: CallTable) -> str:
    """What the disassembly shows beside the instruction; nothing for an unknown number."""
    if site.number is None:
        return ""
    entry = table.numbered(site.number)
    registers = site.abi.arguments[: len(entry.arguments) if entry else None]
    return f"  # {table.call_name(site.number)}({', '.join(registers)})"


def _doubt(site: Site) -> str:
    words = [] if site.certain else ["possible"]
    words += [site.difference] if site.difference else []
    return f"  ({', '.join(words)})" if words else ""


def count_line(sites: list[Site]) -> str:
    """How many sites there are, of what kind, and who found them."""
    certain = sum(site.certain for site in sites)
    possible, different = len(sites) - certain, sum(site.difference is not None for site in sites)
    line = f"{certain} site{'s' * (certain != 1)}"
    line += f" and {possible} possible one{'s' * (possible != 1)}" if possible else ""
    sources = {site.source for site in sites}
    if different:
        return f"{line}; record and scan differ on {different}"
    return f"{line}, {_BY[sources.pop()] if len(sources) == 1 else _BY['both']}"


_BY = {"record": "all by record", "scan": "all by scan", "both": "by record and by scan alike"}
