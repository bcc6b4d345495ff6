# SPDX-License-Identifier: BSD-3-Clause
"""Takes the stops that QEMU's plugin makes for catchpoints, and sends the vCPU back to its call."""

import contextlib
from dataclasses import replace
from functools import partial
from typing import Callable, Iterable

import gdb

from acrn_trace.base.errors import TraceError
from acrn_trace.guest.site import Site, StopAddress
from acrn_trace.guest.stop import Stop
from acrn_trace.in_gdb.points import HypercallPoint
from acrn_trace.in_gdb.registers import read_register, write_register
from acrn_trace.in_gdb.resume import Resumption
from acrn_trace.in_gdb.stub import StubVcpu, flush_caches
from acrn_trace.in_gdb.vcpu import read_stop
from acrn_trace.rings.plugin_stops import STOPS_ADDRESS, PluginStops, Taken


class PluginPoint:
    """A breakpoint where no guest has code. The plugin sends vCPUs there whose calls are caught."""

    def __init__(
        self,
        resumption: Resumption,
        stops: PluginStops,
        sites: Iterable[Site],
        run: Callable[[Callable[[], None]], bool],
        on_site: Callable[[StopAddress, Stop], None],
    ) -> None:
        """``on_site`` is called where the vCPU stands at a site or behind it again, with the stop
        at the call."""
        self._resumption, self._stops = resumption, stops
        self._sites = {site.address: site for site in sites}
        self._on_site = on_site
        self._point = HypercallPoint(resumption, STOPS_ADDRESS, partial(run, self._hit))

    def delete(self) -> None:
        self._point.delete()

    def _hit(self) -> None:
        taken = self._stops.taken(gdb.selected_thread().ptid[1] - 1)
        if read_register("rip") != STOPS_ADDRESS or not taken:
            return
        write_register("rip", taken.place)
        write_register("eflags", read_register("eflags") | taken.flags)
        self._resumption.moved = True
        site = self._sites.get(taken.site) or Site(taken.site, source="scan")
        at = StopAddress(taken.place, *((site, None) if taken.is_back else (None, site)))
        self._on_site(at, _entry(taken))

    def send_back_others(self) -> None:
        """A stop is shown: no other vCPU is to stand there. They stop again when they go on."""
        selected = gdb.selected_thread()
        others = [one for one in gdb.selected_inferior().threads() if one.ptid != selected.ptid]
        with contextlib.suppress(gdb.error, TraceError):  # GDB tells of a guest that is gone
            moved = [self._send_back(StubVcpu(thread)) for thread in others]
            if others:
                StubVcpu(selected)  # what GDB believes to be selected
            if any(moved):
                flush_caches()

    def _send_back(self, vcpu: StubVcpu) -> bool:
        taken = self._stops.taken(vcpu.number)
        if not taken or vcpu.read("rip") != STOPS_ADDRESS:
            return False
        vcpu.write({"rip": taken.place, "eflags": vcpu.read("eflags") | taken.flags})
        self._stops.take_again(vcpu.number)
        return True


def _entry(taken: Taken) -> Stop:
    """The stop at the call. A plugin cannot tell RFLAGS: those are of now."""
    now = read_stop()
    return replace(now, registers={**now.registers, **taken.before})
