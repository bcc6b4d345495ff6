# SPDX-License-Identifier: BSD-3-Clause
"""Plants the sites of a Linux guest's modules: of those that it has, and of each as it is loaded.

A module's file tells its sites, by section and offset; the guest tells where the sections are.
"""

import os
from dataclasses import replace
from typing import Callable, Iterable, Iterator

import gdb

from acrn_trace.base.errors import TraceError
from acrn_trace.guest.abi import MASK64
from acrn_trace.guest.psabi import PARAMETERS
from acrn_trace.guest.site import Site
from acrn_trace.image.image import Image, open_image_or_object
from acrn_trace.image.kernel_offset import is_kernel
from acrn_trace.image.module_files import module_files
from acrn_trace.in_gdb.linux_modules import (
    Module,
    ModuleLayout,
    loaded_modules,
    module_at,
    module_layout,
    module_list,
)
from acrn_trace.in_gdb.points import DeferredPoint, HypercallPoint
from acrn_trace.in_gdb.registers import read_register
from acrn_trace.in_gdb.resume import Resumption
from acrn_trace.lint.linter import with_abis
from acrn_trace.sites.sitelist import NoSites, image_sites
from acrn_trace.tables.knowledge import Knowledge

IN_MODULE = "module"
INITIALIZES = "do_init_module"  # its module is in place, relocated, and has not run yet

UNKNOWN = (
    "calls of modules are not traced: the debug information of {path} does not say where the "
    "kernel has them ({why})"
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
        self._files = module_files(os.path.dirname(image.path)) if is_kernel(image) else {}
        if not self._files:
            return
        try:
            layout, head = module_layout(), module_list()
        except (gdb.error, KeyError) as error:
            self._notice(UNKNOWN.format(path=image.path, why=str(error).rstrip(".")))
            return
        for module in loaded_modules(layout, head):
            self._add(module)
        self._watch(resumption, image, offset, layout)

    def delete(self) -> None:
        if self._loading:
            self._loading.delete()
        self._loading = None
        for name in list(self._points):
            self._take_away(name)

    def _watch(
        self, resumption: Resumption, image: Image, offset: int, layout: ModuleLayout
    ) -> None:
        linked = image.function_named(INITIALIZES)
        if linked is None:
            return
        at = linked + offset & MASK64

        def look() -> Callable[[], None] | None:
            if read_register("rip") != at:
                return None
            module = module_at(layout, read_register(PARAMETERS[0]))
            return (lambda: self._add(module)) if module else None

        self._loading = DeferredPoint(resumption, at, look)

    def _add(self, module: Module) -> None:
        """Of one that was loaded before, where it is now."""
        if module.name in self._points:
            self._take_away(module.name)
        path = self._files.get(module.name)
        if path is None:
            return
        try:
            sites = list(_sites(module, str(path), self._knowledge))
        except TraceError as error:
            self._notice(f"the sites of the module {module.name} are not traced: {error}")
            return
        if sites:
            self._points[module.name] = self._plant(sites)

    def _take_away(self, name: str) -> None:
        for point in self._points.pop(name):
            point.delete()


def _sites(module: Module, path: str, knowledge: Knowledge) -> Iterator[Site]:
    """The certain sites of the module's file, where the guest has its sections."""
    image = open_image_or_object(path)
    try:
        found = with_abis(image, knowledge, image_sites(image))
    except NoSites:
        return
    for site in found:
        section, _, offset = (site.named or "").rpartition("+")
        if site.certain and section in module.sections:
            yield replace(
                site,
                address=module.sections[section] + int(offset, 16) & MASK64,
                named=f"{module.name}.ko:{site.named}",
                source=IN_MODULE,
            )
