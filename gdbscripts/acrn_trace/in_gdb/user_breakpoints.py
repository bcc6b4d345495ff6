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
        for point in gdb.breakpoints():
            self._created(point)
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

    def _created(self, point: gdb.Breakpoint) -> None:
        if point.number > 0:
            self.latest = max(self.latest, point.number)
            self._hits[point.number] = point.hit_count, point.ignore_count
            self._places = None

    def _modified(self, point: gdb.Breakpoint) -> None:
        if point.number <= 0:
            return
        hits, ignored = self._hits.get(point.number, (0, 0))
        now = point.hit_count, point.ignore_count
        self._hits[point.number] = now
        if now[0] > hits:
            self.stops = self.stops or now[1] == ignored
            self._on_hit()
        if now[0] <= hits or not point.enabled:
            self._places = None

    def _deleted(self, point: gdb.Breakpoint) -> None:
        if self._hits.pop(point.number, None):
            self._places = None

    @staticmethod
    def _all() -> Iterator[tuple[int, int]]:
        for point in gdb.breakpoints():
            if point.number < 0 or not point.enabled:
                continue  # of some script's, or of ours
            yield from ((point.number, address) for address in addresses_of(point))


def addresses_of(point: gdb.Breakpoint) -> list[int]:
    """Where GDB has it enabled; nowhere for one that is none of code."""
    if point.type not in (gdb.BP_BREAKPOINT, gdb.BP_HARDWARE_BREAKPOINT):
        return []
    if hasattr(point, "locations"):
        return [place.address for place in point.locations if place.enabled]
    if not point.pending:  # GDB 12
        return [place.pc for place in gdb.decode_line(point.location)[1] or ()]
    return []
