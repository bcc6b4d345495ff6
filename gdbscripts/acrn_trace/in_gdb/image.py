# SPDX-License-Identifier: BSD-3-Clause
"""The image that GDB has loaded: its sites, where the guest has them."""

import os
import re
from dataclasses import replace

import gdb

from acrn_trace.abi import MASK64
from acrn_trace.errors import TraceError
from acrn_trace.images.image import Image, open_image
from acrn_trace.images.sitelist import image_sites
from acrn_trace.sites import Site

# maint info sections: number, addresses as GDB has moved them, offset in the file, name
_SECTION = re.compile(r"\s*\[\d+\]\s+(0x[0-9a-f]+)->0x[0-9a-f]+ at (0x[0-9a-f]+): (\S+) ")
_FILE = re.compile(r"\S.*file: `(.*)', file type")

MAX_TRIED = 16  # functions that are looked for

_scanned: tuple[tuple, list[Site]] = ((), [])


def current_image() -> Image:
    """The image that GDB has loaded."""
    path = gdb.current_progspace().filename
    if path is None:
        raise TraceError("no image is loaded; name the guest's with 'file IMAGE'")
    return open_image(path)


def current_sites(image: Image) -> list[Site]:
    """The sites of ``image`` at the addresses where the guest has them."""
    global _scanned
    status = os.stat(image.path)
    key = (image.path, status.st_mtime_ns, status.st_size)
    if _scanned[0] != key:
        _scanned = (key, image_sites(image))
    own, offset = gdbs_own_offset(image), load_offset(image)
    return [_with_line(site, own).moved(offset) for site in _scanned[1]]


def load_offset(image: Image) -> int:
    """How far the guest has ``image`` from where it was linked."""
    value = gdb.parameter("hypercall offset")
    return gdbs_own_offset(image) if value == "auto" else int(value, 0)


def is_dump() -> bool:
    """Whether GDB looks at a dump, in which nothing runs."""
    connection = gdb.selected_inferior().connection
    return connection is not None and connection.type == "core"


def gdbs_own_offset(image: Image) -> int:
    """How far GDB has moved the image ('symbol-file -o …', or a target that told it to)."""
    if is_dump():
        return _offset_by_symbol(image)
    try:
        text = gdb.execute("maint info sections -all-objects", to_string=True)
    except gdb.error:
        return 0
    ours = False
    for line in text.splitlines():
        file, section = _FILE.match(line), _SECTION.match(line)
        if file:
            ours = os.path.realpath(file[1]) == os.path.realpath(image.path)
        elif section and ours:
            linked = image.section(section[3])
            if linked and linked.is_code and linked.offset == int(section[2], 16):
                return int(section[1], 16) - linked.address
    return 0


def _offset_by_symbol(image: Image) -> int:
    """The same by where GDB has a function; 0 for a stripped image.

    GDB's list of a dump's many thousand sections takes minutes.
    """
    for address, _ in image.function_bounds()[:MAX_TRIED]:
        name = image.function_at(address) or ""
        if not name.isidentifier():
            continue
        try:
            there = int(gdb.parse_and_eval(f"(unsigned long) &'{name}'"))
            if gdb.execute(f"info symbol {there:#x}", to_string=True).startswith(f"{name} "):
                return there - address & MASK64
        except gdb.error:
            continue
    return 0


def _with_line(site: Site, offset: int) -> Site:
    """The site with the line of the debug information, if no record has one."""
    if site.file:
        return site
    place = gdb.find_pc_line(site.moved(offset).address)
    if place.symtab is None:
        return site
    return replace(site, file=place.symtab.filename, line=place.line or None)
