# SPDX-License-Identifier: BSD-3-Clause
"""Plants the sites of a Linux guest's modules: of those that it has, and of each as it is loaded.

A module's file tells its sites, by section and offset; the guest tells where the sections are.
"""

import os
from dataclasses import replace
from functools import partial
from typing import Callable, Iterable, Iterator

from acrn_trace.base.errors import TraceError
from acrn_trace.guest.abi import MASK64
from acrn_trace.guest.psabi import PARAMETERS
from acrn_trace.guest.site import Site
from acrn_trace.image.image import Image, open_image_or_object
from acrn_trace.image.kernel_offset import is_kernel
from acrn_trace.image.module_files import module_files
from acrn_trace.in_gdb.guest_memory import read_memory
from acrn_trace.in_gdb.linux_modules import GuestModules, module_layout
from acrn_trace.in_gdb.linux_types import LinuxTypes
from acrn_trace.in_gdb.points import DeferredPoint, HypercallPoint
from acrn_trace.in_gdb.registers import read_register
from acrn_trace.in_gdb.resume import Resumption
from acrn_trace.lint.linter import with_abis
from acrn_trace.sites.sitelist import NoSites, image_sites
from acrn_trace.tables.knowledge import Knowledge

IN_MODULE = "module"
LIST = "modules"
INITIALIZES = "do_init_module"  # its module is in place, relocated, and has not run yet

UNKNOWN = (
    "neither symbols, BTF nor debug information of {path} say where the kernel has them ({why}); "
    "give a vmlinux with symbols"
)

Plant = Callable[[Iterable[Site]], list[HypercallPoint]]


class ModuleSites:
    """Those of the guest's modules; where the image is no Linux there are none."""

    def __init__(
        self,
        resumption: Resumption,
        image: Image,
        offset: int,
        knowledge: Knowledge,
        plant: Plant,
        notice: Callable[[str], None],
    ) -> None:
        """``plant`` gives the points of the sites that it plants."""
        self._knowledge, self._plant, self._notice = knowledge, plant, notice
        self._points: dict[str, list[HypercallPoint]] = {}  # by the name of their module
        self._loading: DeferredPoint | None = None
        try:
            self._files = module_files(os.path.dirname(image.path)) if is_kernel(image) else {}
            if self._files:
                self._find(image, offset)
                self._watch(resumption, image, offset)
        except TraceError as error:
            self._notice(f"calls of modules are not traced: {error}")

    def _find(self, image: Image, offset: int) -> None:
        """Those that are loaded; TraceError where the image does not say where they are."""
        head = image.value_of(LIST)
        try:
            if head is None:
                raise KeyError(LIST)
            self._guest = GuestModules(module_layout(LinuxTypes(image).member), read_memory)
        except KeyError as error:
            raise TraceError(UNKNOWN.format(path=image.path, why=error.args[0])) from None
        for name, address in self._guest.listed(head + offset & MASK64).items():
            self._add(name, address)

    def delete(self) -> None:
        if self._loading:
            self._loading.delete()
        self._loading = None
        for name in list(self._points):
            self._take_away(name)

    def _watch(self, resumption: Resumption, image: Image, offset: int) -> None:
        linked = image.function_named(INITIALIZES)
        if linked is None:
            return
        at = linked + offset & MASK64

        def look() -> Callable[[], None] | None:
            if read_register("rip") != at:
                return None
            address = read_register(PARAMETERS[0])
            name = self._guest.name_at(address)
            return partial(self._add, name, address) if name in self._files else None

        self._loading = DeferredPoint(resumption, at, look)

    def _add(self, name: str, address: int) -> None:
        """The module whose structure is there; one that was loaded before, where it is now."""
        if name in self._points:
            self._take_away(name)
        path = self._files.get(name)
        if path is None:
            return
        try:
            sites = _certain_sites(str(path), self._knowledge)
        except TraceError as error:
            self._notice(f"the sites of the module {name} are not traced: {error}")
            return
        if sites:
            self._points[name] = self._plant(_placed(sites, name, self._guest.sections_at(address)))

    def _take_away(self, name: str) -> None:
        for point in self._points.pop(name):
            point.delete()


def _certain_sites(path: str, knowledge: Knowledge) -> list[Site]:
    """Those of the module's file; TraceError where it cannot be read."""
    image = open_image_or_object(path)
    try:
        return [site for site in with_abis(image, knowledge, image_sites(image)) if site.certain]
    except NoSites:
        return []


def _placed(sites: Iterable[Site], name: str, sections: dict[str, int]) -> Iterator[Site]:
    """A module's sites where the guest has its sections."""
    for site in sites:
        section, _, offset = (site.named or "").rpartition("+")
        if section in sections:
            yield replace(
                site,
                address=sections[section] + int(offset, 16) & MASK64,
                named=f"{name}.ko:{site.named}",
                source=IN_MODULE,
            )
