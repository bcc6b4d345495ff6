# SPDX-License-Identifier: BSD-3-Clause
"""Reads the image that GDB has loaded: its sites, where the guest has them.

GDB's own callbacks ask here, its disassembler for one. A command that Python runs ends with those
of the breakpoint where the guest stands, so none is run but where ``learn_offset`` says so.
"""

import os
import re
from collections import Counter
from dataclasses import replace

import gdb

from acrn_trace.base.errors import TraceError
from acrn_trace.guest.abi import MASK64
from acrn_trace.guest.site import Site
from acrn_trace.image.image import Image, open_image
from acrn_trace.in_gdb.settings import OFFSET
from acrn_trace.sites.callers import with_callers
from acrn_trace.sites.sitelist import image_sites, sites_before_pages

# maint info sections: number, addresses as GDB has moved them, offset in the file, name
_SECTION = re.compile(r"\s*\[\d+\]\s+(0x[0-9a-f]+)->0x[0-9a-f]+ at (0x[0-9a-f]+): (\S+) ")
_FILE = re.compile(r"\S.*file: `(.*)', file type")

MAX_TRIED = 16  # functions that are looked for
ENOUGH = 3  # of them at one distance from where they were linked

_learned: tuple[gdb.Objfile | None, int] = (None, 0)
_scanned: tuple[tuple, list[Site]] = ((), [])


def current_image() -> Image:
    """The image that GDB has loaded."""
    path = gdb.current_progspace().filename
    if path is None:
        raise TraceError("no image is loaded; name the guest's with 'file IMAGE'")
    return open_image(path)


def current_sites(image: Image) -> list[Site]:
    """The sites of ``image`` at the addresses where the guest has them."""
    own, offset = gdbs_own_offset(image), load_offset(image)
    return [_with_place(site, own).moved(offset) for site in _linked_sites(image)]


def sites_to_trace(image: Image) -> list[Site]:
    """The same; none where all calls of ``image`` may be by a hypercall page."""
    return sites_before_pages(image, lambda: current_sites(image))


def current_site_at(address: int) -> Site | None:
    """The one that the guest has at ``address``."""
    image = current_image()
    linked = address - load_offset(image) & MASK64
    return next((site for site in _linked_sites(image) if site.address == linked), None)


def place_at(image: Image, address: int) -> Site:
    """What is known of the code at ``address`` in the guest, as of a site there."""
    own, offset = gdbs_own_offset(image), load_offset(image)
    linked = address - offset & MASK64
    place = Site(linked, function=image.function_at(linked))
    return _with_place(with_callers(image, [place])[0], own)


def _linked_sites(image: Image) -> list[Site]:
    """Those of ``image`` where it was linked."""
    global _scanned
    status = os.stat(image.path)
    key = (image.path, status.st_mtime_ns, status.st_size)
    if _scanned[0] != key:
        _scanned = (key, image_sites(image))
    return _scanned[1]


def load_offset(image: Image) -> int:
    """How far the guest has ``image`` from where it was linked."""
    value = gdb.parameter(OFFSET)
    return gdbs_own_offset(image) if value == "auto" else int(value, 0)


def is_dump() -> bool:
    """Whether GDB looks at a dump, in which nothing runs."""
    connection = gdb.selected_inferior().connection
    return connection is not None and connection.type == "core"


def gdbs_own_offset(image: Image) -> int:
    """How far GDB has moved the image ('symbol-file -o …', or a target that told it to).

    Of an image without symbols that is what ``learn_offset`` was told last.
    """
    offset = _offset_by_symbols(image)
    if offset is not None:
        return offset
    objfile, learned = _learned
    return learned if objfile and objfile == _objfile() else 0


def learn_offset() -> None:
    """Of an image without symbols only a command of GDB's tells where it is: to be called in one.

    Not of a dump: GDB's list of its many thousand sections takes minutes.
    """
    global _learned
    objfile = _objfile()
    if objfile is None or is_dump():
        return
    try:
        image = current_image()
        if _offset_by_symbols(image) is None:
            text = gdb.execute("maint info sections -all-objects", to_string=True)
            _learned = objfile, _offset_by_sections(image, text)
    except (gdb.error, TraceError):
        pass  # whoever needs the image says what is wrong with it


def _objfile() -> gdb.Objfile | None:
    """GDB's own of the image. Another takes its place when it is loaded anew, or elsewhere."""
    progspace = gdb.current_progspace()
    return next((one for one in progspace.objfiles() if one.filename == progspace.filename), None)


def _offset_by_symbols(image: Image) -> int | None:
    """By where GDB has functions; None for a stripped image. Another image may have one's name."""
    objfile, found = _objfile(), Counter()
    for address, _ in image.function_bounds()[:MAX_TRIED] if objfile else ():
        name = image.function_at(address) or ""
        there = _address_in(objfile, name) if name.isidentifier() else None
        if there is not None:
            found[there - address & MASK64] += 1
            if found.most_common(1)[0][1] == ENOUGH:
                break
    return found.most_common(1)[0][0] if found else None


def _address_in(objfile: gdb.Objfile, name: str) -> int | None:
    """Where GDB has the function ``name``."""
    try:
        symbol = objfile.lookup_global_symbol(name) or objfile.lookup_static_symbol(name)
        if symbol and symbol.is_function:
            return int(symbol.value().address) & MASK64
        value = gdb.parse_and_eval(f"&'{name}'")  # without debug information it is no such symbol
        return int(value) & MASK64 if f"<{name}>" in value.format_string(symbols=True) else None
    except (gdb.error, RuntimeError, TypeError):
        return None


def _offset_by_sections(image: Image, listed: str) -> int:
    """By GDB's own list of sections."""
    ours = False
    for line in listed.splitlines():
        file, section = _FILE.match(line), _SECTION.match(line)
        if file:
            ours = os.path.realpath(file[1]) == os.path.realpath(image.path)
        elif section and ours:
            linked = image.section(section[3])
            if linked and linked.is_code and linked.offset == int(section[2], 16):
                return int(section[1], 16) - linked.address
    return 0


def _with_place(site: Site, offset: int) -> Site:
    """The site with what the debug information says: its line, if no record has one, and more."""
    address = site.moved(offset).address
    site = replace(site, inlined=_inlined_around(address))
    place = None if site.file else gdb.find_pc_line(address)
    if place is None or place.symtab is None:
        return site
    return replace(site, file=place.symtab.filename, line=place.line or None)


def _inlined_around(address: int) -> tuple[str, ...]:
    """The functions that GDB knows to be inlined there, innermost first."""
    names, block = [], gdb.block_for_pc(address)
    while block and not block.is_static and not block.is_global:
        if block.function:
            names.append(block.function.name)
        block = block.superblock
    return tuple(names[:-1])
