# SPDX-License-Identifier: BSD-3-Clause
"""Reads which guest at rest is meant: its dump or its memory, and its image; no GDB needed.

GDB opens a ``-p`` dump in as many seconds as it has tens of thousands of program headers; and what
is asked of it here, the image's symbols and lines, is in the image.
"""

import argparse

from acrn_trace.at_rest.corefile import open_core
from acrn_trace.at_rest.memoryfile import open_memory
from acrn_trace.at_rest.postmortem import examine
from acrn_trace.base.errors import TraceError
from acrn_trace.diagnosis.case import Case
from acrn_trace.diagnosis.source_lines import line_of
from acrn_trace.guest.site import Site
from acrn_trace.guest.snapshot import Snapshot
from acrn_trace.image.image import Image, open_image
from acrn_trace.options.declare import add_knowledge_options
from acrn_trace.options.knowledge import make_knowledge
from acrn_trace.sites.sitelist import image_sites
from acrn_trace.tables.knowledge import Knowledge


def add_guest_options(parser: argparse.ArgumentParser) -> None:
    """Those that name the guest."""
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--core", metavar="DUMP", help="a dump of QEMU's dump-guest-memory")
    source.add_argument("--memory", metavar="FILE", help="a file of QEMU's pmemsave")
    parser.add_argument(
        "--base",
        default="0",
        metavar="ADDRESS",
        help="the guest-physical address of the memory file's first byte (default: 0)",
    )
    parser.add_argument(
        "--offset",
        default="auto",
        metavar="OFFSET",
        help="how far from its link address a PIE or KASLR image was loaded (default: auto, which "
        "finds a Linux and is 0 for others)",
    )
    add_knowledge_options(parser)
    parser.add_argument(
        *("files",),
        metavar="FILE",
        nargs="*",
        help="the guest's ELF image; before it, without --core and --memory, the dump",
    )


def case_of_options(options: argparse.Namespace) -> Case:
    """The guest that the options of ``add_guest_options`` name."""
    dump, image = _dump_and_image(options)
    knowledge = make_knowledge(options)
    snapshot = open_core(dump) if dump else _memory(options)
    return case_of(snapshot, image, _offset(options.offset), knowledge)


def case_of(snapshot: Snapshot, path: str | None, offset: int | None, knowledge: Knowledge) -> Case:
    """A snapshot and the image in a file, without a debugger."""
    image = open_image(path) if path else None
    found = examine(snapshot, image, offset)
    if image is None:
        return Case(found, knowledge)
    lines = line_of(image.contents, found.offset)
    return Case(found, knowledge, sites_of(image, found.offset), lines)


def sites_of(image: Image, offset: int) -> dict[int, Site]:
    """The image's sites by where the guest has them; none in an image that makes no calls."""
    try:
        found = image_sites(image)
    except TraceError:
        return {}
    return {site.address: site for site in (site.moved(offset) for site in found)}


def _dump_and_image(options: argparse.Namespace) -> tuple[str | None, str | None]:
    """The dump, unless there is a file of memory, and the image, as far as they are named."""
    dump, files = options.core, list(options.files)
    if not dump and not options.memory:
        if not files:
            raise TraceError("no dump is named; give DUMP, then IMAGE")
        dump = files.pop(0)
    if len(files) > 1:
        raise TraceError(f"one dump and one image are taken, and {files[1]} is one file too many")
    return dump, files[0] if files else None


def _memory(options: argparse.Namespace) -> Snapshot:
    return open_memory(options.memory, _number("--base", options.base))


def _offset(text: str) -> int | None:
    return None if text == "auto" else _number("--offset", text)


def _number(option: str, text: str) -> int:
    try:
        return int(text, 0)
    except ValueError:
        raise TraceError(f"{option} takes a number, and was given {text!r}") from None
