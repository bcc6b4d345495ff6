# SPDX-License-Identifier: BSD-3-Clause
"""Follows the user's own breakpoints: where they are, and whether one is stopping the guest."""

from typing import Callable, Iterator

import gdb


class UserBreakpoints:
    """Where the user's own breakpoints are, and whether one stops the guest now.

    GDB tells of each hit before it asks the next breakpoint, and counts down what it ignores.
    ``on_hit`` is called then.
    """

    def __init__(self, on_hit: Callable[[], None]) -> None:
        self._on_hit = on_hit
        self.stops = False  # one does at the stop being made
        self.latest = 0  # number
        self._places: dict[int, int] | None = None  # address to the highest number there
        self._hits: dict[int, tuple[int, int]] = {}
        for breakpoint in gdb.breakpoints():
            self._created(breakpoint)
        gdb.events.breakpoint_created.connect(self._created)
        gdb.events.breakpoint_modified.connect(self._modified)
        gdb.events.breakpoint_deleted.connect(self._deleted)

    def youngest_at(self, address: int) -> int:
        """The number of the one made last there; 0 where there is none."""
        return self.places().get(address, 0)

    def places(self) -> dict[int, int]:
        if self._places is None:
            self._places = {}
            for number, address in self._all():
                self._places[address] = max(number, self._places.get(address, 0))
        return self._places

    def _created(self, breakpoint: gdb.Breakpoint) -> None:
        if breakpoint.number > 0:
            self.latest = max(self.latest, breakpoint.number)
            self._hits[breakpoint.number] = breakpoint.hit_count, breakpoint.ignore_count
            self._places = None

    def _modified(self, breakpoint: gdb.Breakpoint) -> None:
        if breakpoint.number <= 0:
            return
        hits, ignored = self._hits.get(breakpoint.number, (0, 0))
        now = breakpoint.hit_count, breakpoint.ignore_count
        self._hits[breakpoint.number] = now
        if now[0] > hits:
            self.stops = self.stops or now[1] == ignored
            self._on_hit()
        if now[0] <= hits or not breakpoint.enabled:
            self._places = None

    def _deleted(self, breakpoint: gdb.Breakpoint) -> None:
        if self._hits.pop(breakpoint.number, None):
            self._places = None

    @staticmethod
    def _all() -> Iterator[tuple[int, int]]:
        for breakpoint in gdb.breakpoints():
            if breakpoint.number < 0 or not breakpoint.enabled:
                continue  # of some script's, or of ours
            yield from ((breakpoint.number, address) for address in addresses_of(breakpoint))


def addresses_of(breakpoint: gdb.Breakpoint) -> list[int]:
    """Where GDB has it enabled; nowhere for one that is none of code."""
    if breakpoint.type not in (gdb.BP_BREAKPOINT, gdb.BP_HARDWARE_BREAKPOINT):
        return []
    if hasattr(breakpoint, "locations"):
        return [place.address for place in breakpoint.locations if place.enabled]
    if not breakpoint.pending:  # GDB 12
        return [place.pc for place in gdb.decode_line(breakpoint.location)[1] or ()]
    return []
