# SPDX-License-Identifier: BSD-3-Clause
"""Lists of sites and of calls, for people."""

import re
from typing import Iterable, Iterator

from acrn_trace.calltable import CallTable
from acrn_trace.sites import Site


def site_lines(sites: Iterable[Site], table: CallTable) -> Iterator[str]:
    """A heading, a line a site, and how many there are."""
    count = 0
    yield f"{'ADDRESS':18} {'CALL':26} WHERE"
    for site in sites:
        count += 1
        call = "?" if site.number is None else table.call_name(site.number)
        yield f"{site.address:#018x} {call:26} {site}"
    yield f"{count} sites, all by record"


def call_lines(table: CallTable, wanted: re.Pattern[str]) -> Iterator[str]:
    """The calls whose name matches, with their arguments as the table has them."""
    found = [entry for entry in table if wanted.search(entry.name)]
    if not found:
        yield f"No call matches {wanted.pattern!r}."
        return
    for entry in found:
        arguments = ", ".join(map(str, entry.arguments))
        yield f"{entry.number:#010x} {entry.name}({arguments})"
