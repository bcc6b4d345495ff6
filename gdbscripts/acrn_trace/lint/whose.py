# SPDX-License-Identifier: BSD-3-Clause
"""Tells whose call a site makes, as far as its code tells: the ABI, and the number by it.

A site's ABI is that of its record. Else the code decides, which loads the registers of one row of
abi.def, or does as a hypervisor does that has none. Else nothing does: the main ABI is taken.
"""

from dataclasses import replace
from typing import Iterable

from acrn_trace.guest.abi import GENERAL_REGISTERS, Abi, main_abi, unknown_abi
from acrn_trace.guest.site import Site
from acrn_trace.image.image import Image
from acrn_trace.lint.anothers import is_main
from acrn_trace.lint.findings import Place
from acrn_trace.lint.rule_convention import (
    convention_of,
    conventions,
    is_probably,
    told_by_registers,
)

NEAR = 16  # instructions before a site that load what its call needs
BY_CODE = "code"
STACK = ("rsp", "rbp")


def is_told(site: Site) -> bool:
    """Whether a record says whose the call is, or the scan, by a number of the main ABI's."""
    return site.abi_by is not None or site.number is not None and main_abi().has_number(site.number)


def others_meant(image: Image, sites: Iterable[Site]) -> frozenset[str]:
    """Lint's kinds of calls of other hypervisors that are right in this image.

    An image without a call of the main one is another's guest. One that has the signature of
    another's CPUID leaves asks which it runs on.
    """
    named = [one for one in conventions() if one.signature]
    if any(is_told(site) and site.abi is main_abi() for site in sites):
        named = [one for one in named if image.holds(one.signature.encode())]
    return frozenset(one.id for one in named)


def by_code(site: Site, place: Place) -> Site:
    """The site with the ABI and the number that the code around it says."""
    if site.abi_by is not None:
        return site
    convention, _ = convention_of(place)
    if convention and convention.abi is None:
        abi = unknown_abi(_loaded_near(place))
        return replace(site, abi=abi, abi_by=BY_CODE, number=None, other=convention.name)
    if convention or is_main(place) or place.sets(main_abi().number):
        return _of_row(site, place, convention.abi if convention else main_abi())
    others = [abi for abi in told_by_registers() if is_probably(place, abi)]
    return _of_row(site, place, others[0]) if len(others) == 1 else site


def _of_row(site: Site, place: Place, abi: Abi) -> Site:
    number = place.by(abi).call_number
    return replace(site, abi=abi, abi_by=BY_CODE, number=number)


def _loaded_near(place: Place) -> tuple[str, ...]:
    """The registers that the code right before the site loads."""
    return tuple(
        name
        for name in GENERAL_REGISTERS
        if name not in STACK
        and any(place.number - NEAR <= n < place.number for n in place.definitions(name))
    )
