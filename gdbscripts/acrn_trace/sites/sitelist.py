# SPDX-License-Identifier: BSD-3-Clause
"""Puts the sites of an image together: what its records say and what its code shows."""

from dataclasses import replace
from typing import Callable, Iterable

from acrn_trace.base.errors import TraceError
from acrn_trace.guest.abi import hypercalls
from acrn_trace.guest.site import Site
from acrn_trace.image.image import Image
from acrn_trace.image.site_records import recorded_sites
from acrn_trace.sites.callers import with_callers
from acrn_trace.sites.disassembler import MissingCapstone
from acrn_trace.sites.page_writes import may_have_pages
from acrn_trace.sites.patched import patched_sites
from acrn_trace.sites.scan import NumberAt, number_before, scanned_sites
from acrn_trace.sites.stubs import with_stubs


class NoSites(TraceError):
    """The image has no hypercall instruction."""


def image_sites(image: Image, number_at: NumberAt = number_before) -> list[Site]:
    """The sites of ``image``, certain and possible, by address; at least one."""
    recorded = recorded_sites(image)
    try:
        scanned = scanned_sites(image, number_at)
        patched = patched_sites(image)
    except MissingCapstone:
        if not recorded:
            raise
        return recorded
    sites = merged(image, recorded, scanned) if recorded else scanned
    if not sites and not patched:
        names = " or ".join(name.upper() for name in hypercalls().values())
        raise NoSites(
            f"{image.path} makes no hypercalls: it has no site records, and no {names} in its "
            "executable code; is it the guest's image?"
        )
    sites = sorted([*sites, *patched], key=lambda site: site.address)
    return with_stubs(image, with_callers(image, sites))


def sites_before_pages(image: Image, find: Callable[[], list[Site]]) -> list[Site]:
    """What ``find`` finds in ``image``; nothing where all its calls may be by a hypercall page."""
    try:
        return find()
    except NoSites:
        if may_have_pages(image):
            return []
        raise


def traced_sites(sites: Iterable[Site], image: Image, with_possible: bool = False) -> list[Site]:
    """The sites to stop at: the certain ones, and the possible ones if the user says so."""
    everything = list(sites)
    chosen = [site for site in everything if site.certain or with_possible]
    if not chosen and not may_have_pages(image):
        plural = "s" * (len(everything) != 1)
        raise TraceError(
            f"{image.path} has {len(everything)} possible hypercall site{plural} and no "
            "certain one; to trace possible ones, 'set hypercall possible-sites on' or "
            "--possible-sites"
        )
    return chosen


def merged(image: Image, recorded: list[Site], scanned: list[Site]) -> list[Site]:
    """Records and scan as one list; where they differ, the site says so."""
    by_scan = {site.address: site for site in scanned}
    sites = [_both(image, site, by_scan.pop(site.address, None)) for site in recorded]
    sites += [
        replace(site, difference="not recorded" if site.certain else None)
        for site in by_scan.values()
    ]
    return sorted(sites, key=lambda site: site.address)


def _both(image: Image, record: Site, scanned: Site | None) -> Site:
    if scanned is None:
        abi = record.abi
        if image.read(record.address, abi.length) in abi.codes:
            return replace(record, difference="recorded, though not code by the scan")
        return replace(
            record, certain=False, difference=f"recorded, but no {abi.mnemonic} is there"
        )
    difference = None
    if None not in (record.number, scanned.number) and record.number != scanned.number:
        difference = f"recorded as {record.number:#x}, loads {scanned.number:#x}"
    number = scanned.number if record.number is None else record.number
    return replace(
        record,
        number=number,
        source="both",
        instruction=scanned.instruction,
        difference=difference,
    )
