# SPDX-License-Identifier: BSD-3-Clause
"""Names the call of a stub by who has called it: the return address on top of the guest's stack."""

from dataclasses import replace

from acrn_trace.guest.site import Site
from acrn_trace.guest.stop import Stop
from acrn_trace.in_gdb.guest_memory import read_memory
from acrn_trace.in_gdb.image import current_image, place_at

MAX_KNOWN = 4096


class Callers:
    """Those that were met so far, by their addresses."""

    def __init__(self) -> None:
        self._known: dict[int, Site] = {}

    def named(self, site: Site, stop: Stop) -> Site:
        """A stub's site with the place of its caller in this call; any other as it is."""
        data = read_memory(stop.rsp, 8) if site.is_stub else None
        if data is None:
            return site
        caller = self._place(int.from_bytes(data, "little") - 1)
        return replace(
            site,
            file=caller.file,
            line=caller.line,
            function=caller.function or site.function,
            inlined=caller.inlined,
        )

    def _place(self, address: int) -> Site:
        """Where a CALL is whose last byte is there."""
        if address not in self._known:
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            self._known[address] = place_at(current_image(), address)
        return self._known[address]
