# SPDX-License-Identifier: BSD-3-Clause
"""Finds the sites of a trace where the guest has them, and plants its breakpoints there.

At each entry and each return, and where the guest itself begins. A kernel that moves itself is
followed.
"""

from dataclasses import replace
from functools import partial
from typing import Callable, Iterable, Mapping

import gdb

from acrn_trace.base.errors import TraceError
from acrn_trace.guest.abi import GENERAL_REGISTERS
from acrn_trace.guest.site import Site, StopAddress, stop_addresses
from acrn_trace.guest.stop import Stop
from acrn_trace.image.image import Image
from acrn_trace.in_gdb.callers import Callers
from acrn_trace.in_gdb.guest_memory import (
    confirm_nested,
    has_code,
    has_hypercall,
    read_memory,
    runs_nested,
)
from acrn_trace.in_gdb.hypercall_pages import HypercallPages
from acrn_trace.in_gdb.image import current_image, load_offset, sites_to_trace
from acrn_trace.in_gdb.kaslr import locate_kernel, move_symbols
from acrn_trace.in_gdb.module_sites import ModuleSites
from acrn_trace.in_gdb.page_watch import PageWatch
from acrn_trace.in_gdb.plugin_point import PluginPoint
from acrn_trace.in_gdb.points import HypercallPoint
from acrn_trace.in_gdb.registers import read_register
from acrn_trace.in_gdb.resume import Resumption
from acrn_trace.in_gdb.settings import POSSIBLE_SITES
from acrn_trace.in_gdb.signatures import Signatures
from acrn_trace.in_gdb.task import task_reader
from acrn_trace.lint.findings import Found
from acrn_trace.lint.linter import with_abis
from acrn_trace.lint.of_call import SiteLint
from acrn_trace.rings.plugin_stops import PluginStops
from acrn_trace.sites.page_writes import page_writes
from acrn_trace.sites.sitelist import traced_sites
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.trace.found import FoundHypervisors


class SitePoints:
    """Tells ``on_site`` and ``on_boot`` of stops that are the guest's.

    A hit arrives in ``hit``. It is run by ``run``, which answers whether the guest is to stop.
    """

    def __init__(
        self,
        resumption: Resumption,
        run: Callable[[Callable[[], None]], bool],
        read_stop: Callable[[StopAddress], Stop],
        on_site: Callable[[Stop, StopAddress], None],
        on_boot: Callable[[], None],
        on_unseen: Callable[[Stop, Site, bool], None],
    ) -> None:
        """``on_unseen`` is told that calls were made at the site, as one at that stop is, and that
        nobody saw them: whether one of them is about to come back. The others have."""
        self._resumption = resumption
        self._run = run
        self._read_stop = read_stop
        self._on_site = on_site
        self._on_boot = on_boot
        self._on_unseen = on_unseen
        self._plugin_point: PluginPoint | None = None
        self._planted: list[HypercallPoint] = []
        self._signatures: Signatures | None = None
        self._callers = Callers()
        self._first_start: tuple[int, ...] = ()  # a nested guest's registers where it began
        self._met_site = False
        self._boots_in_a_row = 0  # with no stop at a site between
        self._beside: set[int] = set()  # the machine's vCPUs where others of a nested guest began

    def plant(
        self, sites: Iterable[Site], boots: Mapping[int, bytes], signatures: Signatures
    ) -> None:
        """At the ``sites``, and at the guest's first instructions: address and code of each.
        ``signatures`` tell whose calls are made at sites of which nothing else does."""
        self._plant_boots(boots, signatures)
        self._planted += self.plant_sites(sites)

    def plant_for_plugin(
        self,
        stops: PluginStops,
        sites: Iterable[Site],
        boots: Mapping[int, bytes],
        signatures: Signatures,
    ) -> None:
        """At the guest's first instructions, and where the plugin stops it; it knows its calls."""
        self._plant_boots(boots, signatures)
        self._plugin_point = PluginPoint(
            self._resumption, stops, sites, self._run, self._at_plugins_stop
        )

    def send_back_others(self) -> None:
        """The user is shown a stop: no other vCPU is to stand where the plugin has sent it."""
        if self._plugin_point:
            self._plugin_point.send_back_others()

    def _plant_boots(self, boots: Mapping[int, bytes], signatures: Signatures) -> None:
        self._signatures = signatures
        self._callers = Callers()
        self._planted += [self._plant_boot(*boot) for boot in boots.items()]

    def plant_sites(self, sites: Iterable[Site]) -> list[HypercallPoint]:
        """More of them, which whoever asks for them is to delete."""
        return [self._plant(at) for at in stop_addresses(sites)]

    def delete(self) -> None:
        for point in self._planted:
            point.delete()
        self._planted.clear()
        if self._plugin_point:
            self._plugin_point.delete()
        self._plugin_point = None
        if self._signatures:
            self._signatures.delete()

    def _plant(self, at: StopAddress) -> HypercallPoint:
        def hit() -> None:
            if read_register("rip") != at.address:
                return
            self._at(at)

        return HypercallPoint(self._resumption, at.address, partial(self._run, hit))

    def _at_plugins_stop(self, at: StopAddress, entry: Stop) -> None:
        if at.enters:
            self._on_unseen(entry, at.enters, False)
        else:
            self._on_unseen(entry, at.returns_from, True)
        self._at(at)

    def _at(self, at: StopAddress) -> None:
        """A vCPU is there. The bytes tell where a call begins; that one is in flight tells where it
        comes back. And they tell whose memory the vCPU has, before anything else of it is read."""
        enters = at.enters if at.enters and has_hypercall(at.enters) else None
        if not enters and at.returns_from:
            confirm_nested(at.returns_from)
        if enters or at.returns_from:
            stop = self._read_stop(at)
            self._met_site = True
            if stop.vcpu not in self._beside:
                self._boots_in_a_row = 0
            self._on_site(stop, self._told(at, enters, stop))

    def _told(self, at: StopAddress, enters: Site | None, stop: Stop) -> StopAddress:
        told, returns = self._signatures.told, at.returns_from
        return replace(
            at,
            returns_from=returns and told(returns),
            enters=enters and self._callers.named(told(enters), stop),
        )

    def _plant_boot(self, address: int, code: bytes) -> HypercallPoint:
        def hit() -> None:
            if has_code(address, (code,)) and not self._starts_another_vcpu():
                self.boot()

        return HypercallPoint(self._resumption, address, partial(self._run, hit))

    def _starts_another_vcpu(self) -> bool:
        """Whether a nested guest's vCPU begins there that is not its first.

        Its number is nowhere to be seen, but its hypervisor starts each with registers of its own.
        The first start is missed where its page was not the guest's yet: then calls come before it.
        What they call meanwhile does not tell that the first has gone on.
        """
        if not runs_nested():
            return False
        registers = tuple(map(read_register, GENERAL_REGISTERS))
        if not (self._first_start or self._met_site):
            self._first_start = registers
        is_another = registers != self._first_start
        if is_another:
            self._beside.add(gdb.selected_thread().ptid[1] - 1)
        return is_another

    def boot(self) -> None:
        """The guest's first instruction runs.

        QEMU's step over a breakpoint may end where it began. So a first instruction that is met
        twice in a row may have run once: only the next time is it surely a reset.
        """
        self._boots_in_a_row += 1
        if self._boots_in_a_row != 2:
            self._on_boot()


class LiveSites:
    """The sites of GDB's image, and what depends on where the guest has them."""

    def __init__(
        self,
        resumption: Resumption,
        knowledge: Knowledge,
        on_kernel: Callable[[int], None],
        notice: Callable[[str], None],
        found: FoundHypervisors,
        stops: PluginStops | None = None,
    ) -> None:
        """``on_kernel`` is called with how far from its link address a kernel is about to run. By
        ``stops`` QEMU's plugin stops the guest, and no site has a breakpoint."""
        self._knowledge, self._notice, self._found = knowledge, notice, found
        self._resumption, self._stops = resumption, stops
        self._points: SitePoints | None = None
        self._pages: HypercallPages | None = None
        self._watch: PageWatch | None = None
        self._modules: ModuleSites | None = None
        image = current_image()
        self._locator = locate_kernel(resumption, image, on_kernel)
        self._find(image)

    def _find(self, image: Image) -> None:
        found = with_abis(image, self._knowledge, sites_to_trace(image), load_offset(image))
        self.sites = traced_sites(found, image, gdb.parameter(POSSIBLE_SITES))
        self.untraced = len(found) - len(self.sites)

    def plant(self, points_of_trace: SitePoints) -> None:
        """Once: they are moved with the image from then on."""
        self._points = points_of_trace
        self._look_at(current_image())
        if self._pages is None or gdb.selected_thread() is None:
            return  # the plugin sees all calls, or no guest is connected yet
        try:
            self._pages.find_filled()
        except TraceError as error:
            self._notice(str(error))

    def _look_at(self, image: Image) -> None:
        offset = load_offset(image)
        self._lint = SiteLint(image, self._knowledge, offset, self.sites)
        self.task_of = task_reader(image, offset, read_memory)
        boots = image.entry_points(offset)
        if self._stops:
            signatures = Signatures(self._resumption, image, offset, (), self._found)
            self._points.plant_for_plugin(self._stops, self.sites, boots, signatures)
            return
        signatures = Signatures(self._resumption, image, offset, self.sites, self._found)
        self._points.plant(self.sites, boots, signatures)
        plant = self._points.plant_sites
        self._pages = HypercallPages(self._resumption, image, offset, plant)
        self._watch = PageWatch(self._resumption, page_writes(image), offset, self._pages)
        self._modules = ModuleSites(
            self._resumption, image, offset, self._knowledge, plant, self._notice
        )

    def lint_of(self, site: Site) -> list[Found]:
        """What lint says of one of them."""
        return self._lint(site)

    def boot(self) -> None:
        self._points.boot()

    def send_back_others(self) -> None:
        """The user is shown a stop."""
        if self._points:
            self._points.send_back_others()

    def follow(self, offset: int) -> None:
        """The kernel runs that far from its link address."""
        image = current_image()
        self._delete_points()
        move_symbols(image, offset)
        self._find(image)
        self._look_at(image)

    def delete(self) -> None:
        if self._points:
            self._delete_points()
        if self._locator:
            self._locator.delete()
            self._locator = None

    def _delete_points(self) -> None:
        for planted in (self._modules, self._watch, self._pages, self._points):
            if planted:
                planted.delete()
