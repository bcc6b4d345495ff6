# SPDX-License-Identifier: BSD-3-Clause
"""Lists sites for people."""

from typing import Iterable, Iterator

from acrn_trace.guest.abi import main_abi
from acrn_trace.guest.site import Site
from acrn_trace.sites.code_around import CodeAround
from acrn_trace.sites.patched import PATCHED
from acrn_trace.tables.calls import CallTable, full_name


def site_lines(
    sites: Iterable[Site], table: CallTable, code: CodeAround | None = None
) -> Iterator[str]:
    """A heading, a line a site with the ``code`` around it, and how many there are."""
    sites = list(sites)
    yield f"{'ADDRESS':18} {'CALL':26} WHERE"
    for site in sites:
        address = site.named or f"{site.address:#018x}"
        yield f"{address:18} {site_call(site, table):26} {site}{_doubt(site)}"
        yield from code.lines(site, call_comment(site, table)) if code else ()
    others = sum(site.abi is not main_abi() for site in sites)
    yield count_line(sites) + (f"; {others} of another hypervisor" if others else "")


def site_call(site: Site, table: CallTable) -> str:
    """The hypervisor, name and number of the call that the site makes, as far as the code tells."""
    if site.other:
        return f"({site.other}'s)"
    if site.number is None:
        return full_name("?", site.abi.name)
    name = table.call_name(site.number, site.abi.name)
    return name if site.abi is main_abi() else f"{name} ({site.number:#x})"


def call_comment(site: Site, table: CallTable) -> str:
    """What the disassembly shows beside the instruction; nothing for an unknown number."""
    if site.number is None:
        return ""
    entry = table.numbered(site.number, site.abi.name)
    registers = site.abi.arguments[: len(entry.arguments) if entry else None]
    return f"  # {table.call_name(site.number, site.abi.name)}({', '.join(registers)})"


def _doubt(site: Site) -> str:
    words = [] if site.certain else ["possible"]
    words += ["32-bit code"] if site.bits == 32 else []
    words += [site.difference] if site.difference else []
    words += ["as Linux boots"] if site.source == PATCHED else []
    return f"  ({', '.join(words)})" if words else ""


def count_line(sites: list[Site]) -> str:
    """How many sites there are, of what kind, and who found them."""
    certain = sum(site.certain for site in sites)
    possible, different = len(sites) - certain, sum(site.difference is not None for site in sites)
    line = f"{certain} site{'s' * (certain != 1)}"
    line += f" and {possible} possible one{'s' * (possible != 1)}" if possible else ""
    sources = {"scan" if site.source == PATCHED else site.source for site in sites}
    if different:
        return f"{line}; record and scan differ on {different}"
    return f"{line}, {_BY[sources.pop()] if len(sources) == 1 else _BY['both']}"


_BY = {"record": "all by record", "scan": "all by scan", "both": "by record and by scan alike"}
