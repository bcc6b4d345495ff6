# SPDX-License-Identifier: BSD-3-Clause
"""The breakpoints of a trace: where calls begin and end, and where the guest itself begins."""

from dataclasses import replace
from typing import Callable, Iterable, Mapping

from acrn_trace.guest.site import Point, Site, points
from acrn_trace.guest.stop import Stop
from acrn_trace.in_gdb.points import HypercallPoint
from acrn_trace.in_gdb.resume import Resumption
from acrn_trace.in_gdb.vcpu import has_hypercall, read_memory


class SitePoints:
    """Tells ``on_site`` and ``on_boot`` of stops that are the guest's.

    Each hit is run by ``run``, which answers whether the guest is to stop.
    """

    def __init__(
        self,
        resumption: Resumption,
        run: Callable[[Callable[[], None]], bool],
        read_stop: Callable[[Point], Stop],
        on_site: Callable[[Stop, Point], None],
        on_boot: Callable[[], None],
    ) -> None:
        self._resumption = resumption
        self._run = run
        self._read_stop = read_stop
        self._on_site = on_site
        self._on_boot = on_boot
        self._planted: list[HypercallPoint] = []

    def plant(self, sites: Iterable[Site], boots: Mapping[int, bytes]) -> None:
        """At the ``sites``, and at the guest's first instructions: address and code of each."""
        self._planted += [self._plant(point) for point in points(sites)]
        self._planted += [self._plant_boot(*boot) for boot in boots.items()]

    def delete(self) -> None:
        for point in self._planted:
            point.delete()
        self._planted.clear()

    def _plant(self, point: Point) -> HypercallPoint:
        def hit() -> None:
            stop = self._read_stop(point)
            if stop.registers["rip"] != point.address:
                return
            # The bytes tell where a call begins; that one is in flight tells where it comes back.
            enters = point.enters if point.enters and has_hypercall(point.enters) else None
            if enters or point.returns_from:
                self._on_site(stop, replace(point, enters=enters))

        return HypercallPoint(self._resumption, point.address, lambda: self._run(hit))

    def _plant_boot(self, address: int, code: bytes) -> HypercallPoint:
        def hit() -> None:
            if read_memory(address, len(code)) == code:
                self._on_boot()

        return HypercallPoint(self._resumption, address, lambda: self._run(hit))
