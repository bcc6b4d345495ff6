# SPDX-License-Identifier: BSD-3-Clause
"""Plants the sites of the hypercall pages that a guest has, wherever it can call them."""

from functools import partial
from typing import Callable, Iterable, Sequence

from acrn_trace.base.errors import TraceError
from acrn_trace.guest.abi import MASK64
from acrn_trace.guest.aliases import executable_at
from acrn_trace.guest.hypercall_page import PageKind, page_kinds, page_sites
from acrn_trace.guest.memory import Unreadable
from acrn_trace.guest.paging import CR0_PG, PAGE, memory_of
from acrn_trace.guest.site import Site
from acrn_trace.image.image import Image
from acrn_trace.in_gdb.guest_memory import GuestPhysicalMemory, read_memory
from acrn_trace.in_gdb.points import DeferredPoint, HypercallPoint
from acrn_trace.in_gdb.registers import read_register
from acrn_trace.in_gdb.resume import Resumption
from acrn_trace.sites.page_writes import may_have_pages

MAX_PAGES = 16

Action = Callable[[], None]
PlantSites = Callable[[Iterable[Site]], list[HypercallPoint]]
Page = tuple[PageKind, int]  # its guest-physical address


class HypercallPages:
    """Those of one guest, whose ``image`` it has ``offset`` from where that was linked."""

    def __init__(
        self, resumption: Resumption, image: Image, offset: int, plant: PlantSites
    ) -> None:
        """``plant`` gives the points of the sites that it plants."""
        self._resumption, self._image, self._offset, self._plant = resumption, image, offset, plant
        self._points: dict[Page, Sequence[HypercallPoint | DeferredPoint]] = {}

    def delete(self) -> None:
        for page in list(self._points):
            self._take_away(page)

    def find_filled(self) -> None:
        """Those that the guest had filled before, where its image says that it has them.

        TraceError where it runs already, may have one, and does not say where.
        """
        symbols = [(kind, self._image.value_of(kind.symbol)) for kind in page_kinds()]
        known = [(kind, at + self._offset & MASK64) for kind, at in symbols if at is not None]
        for kind, at in known:
            self._find(kind, _word(at) if kind.is_pointer else at)
        runs = read_register("cr0") & CR0_PG
        if runs and not known and may_have_pages(self._image):
            names = " or ".join(kind.symbol for kind, _ in symbols)
            raise TraceError(
                "calls by a hypercall page that was filled before the trace are not traced: "
                f"{self._image.path} has no symbol {names} that says where it is"
            )

    def _find(self, kind: PageKind, address: int) -> None:
        """One that may be at a virtual address; its content tells whether it was filled."""
        content = read_memory(address, PAGE) if address and address % PAGE == 0 else None
        if content is None or not page_sites(kind, content, address):
            return
        registers = {name: read_register(name) for name in ("cr0", "cr3", "cr4")}
        try:
            physical = memory_of(GuestPhysicalMemory(), registers).translate(address)
        except Unreadable:
            return
        plant = self.filled(kind, physical)
        if plant:
            plant()

    def filled(self, kind: PageKind, physical: int | None) -> Action | None:
        """The hypervisor has filled the page there, or taken that of the kind away (None).

        May be asked while GDB handles a stop; what is to be done once it has stopped is returned.
        """
        others = [page for page in self._points if page[0] is kind and page[1] != physical]
        gone = others if kind.is_moved else []
        is_new = physical is not None and (kind, physical) not in self._points
        addresses = self._addresses(physical) if is_new else []
        content = _content(physical) if addresses else None
        if not gone and not _sites(kind, content, addresses):
            return None
        return partial(self._replace, gone, (kind, physical), content, addresses)

    def _replace(
        self, gone: list[Page], page: Page, content: bytes | None, addresses: list[int]
    ) -> None:
        for one in gone:
            self._take_away(one)
        while len(self._points) >= MAX_PAGES:
            self._take_away(next(iter(self._points)))
        sites = _sites(page[0], content, addresses)
        if sites:
            self._points[page] = self._plant(sites)
        if sites and content is None:
            self._points[page] += [self._at_first_use(page, address) for address in addresses]

    def _take_away(self, page: Page) -> None:
        for point in self._points.pop(page):
            point.delete()

    def _at_first_use(self, page: Page, address: int) -> DeferredPoint:
        """Where a page is called by its beginning, that it is read once it can be."""

        def look() -> Action | None:
            content = _content(page[1]) if read_register("rip") == address else None
            return content and partial(self._read_now, page, content, address)

        return DeferredPoint(self._resumption, address, look)

    def _read_now(self, page: Page, content: bytes, address: int) -> None:
        """Its points are made anew, unless its sites are where they were thought to be."""
        former = self._points[page]
        usual = {site.address for site in _sites(page[0], None, [address])}
        if usual == {site.address for site in _sites(page[0], content, [address])}:
            self._points[page] = [p for p in former if isinstance(p, HypercallPoint)]
            for point in former:
                if isinstance(point, DeferredPoint):
                    point.delete()
            return
        self._take_away(page)
        self._replace([], page, content, self._addresses(page[1]))

    def _addresses(self, physical: int) -> list[int]:
        """Where the guest may call it: where its image has it, else wherever it is mapped.

        What the image has is called there even if the guest is to map it only later.
        """
        registers = {name: read_register(name) for name in ("cr0", "cr3", "cr4")}
        mapped = executable_at(GuestPhysicalMemory(), registers, physical)
        linked = self._image.virtual_address(physical)
        if linked is None:
            return mapped
        at = linked + self._offset & MASK64
        return [at] if at in mapped else [at, *mapped]


def _sites(kind: PageKind, content: bytes | None, addresses: list[int]) -> list[Site]:
    return [site for at in addresses for site in page_sites(kind, content, at)]


def _word(address: int) -> int:
    """0 where nothing can be read."""
    return int.from_bytes(read_memory(address, 8) or b"", "little")


def _content(physical: int) -> bytes | None:
    try:
        return GuestPhysicalMemory().read(physical, PAGE)
    except Unreadable:
        return None
