# SPDX-License-Identifier: BSD-3-Clause
"""Finds the sites that call another hypervisor than ACRN, as far as their code tells."""

from typing import Iterable

from acrn_trace.guest.site import Site
from acrn_trace.image.image import Image
from acrn_trace.lint.linter import Linter
from acrn_trace.lint.rule_convention import CONVENTIONS
from acrn_trace.tables.knowledge import Knowledge

NAMES = {convention.id: convention.name for convention in CONVENTIONS}


def foreign_sites(
    image: Image, knowledge: Knowledge, sites: Iterable[Site], offset: int = 0
) -> dict[int, str]:
    """The hypervisor's name by the site's address. A site with a number of its own is ACRN's."""
    unknown = [site for site in sites if site.number is None]
    if not unknown:
        return {}
    verdicts = Linter(image, knowledge, frozenset(NAMES), offset).verdicts(unknown)
    return {v.site.address: NAMES[v.findings[0].id] for v in verdicts if v.findings}
