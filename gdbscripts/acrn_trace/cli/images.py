# SPDX-License-Identifier: BSD-3-Clause
"""Gets the lines of a command on an image; or on each module below a folder that makes calls."""

import os
import sys
from pathlib import Path
from typing import Callable, Iterable, Iterator

from acrn_trace.base.decompressed import decompressed
from acrn_trace.base.errors import TraceError
from acrn_trace.base.open_file import open_file
from acrn_trace.base.text import printable
from acrn_trace.guest.abi import hypercalls
from acrn_trace.image.image import Image, open_image_or_object
from acrn_trace.image.module_files import modules_below
from acrn_trace.sites.sitelist import NoSites

LinesOf = Callable[[Image], Iterable[str]]


def lines_of_images(path: str, lines_of: LinesOf, headings: bool = True) -> Iterator[str]:
    """``headings``: whether each module is named before its lines, and all are counted."""
    if os.path.isdir(path):
        return _lines_of_modules(path, lines_of, headings)
    return iter(lines_of(open_image_or_object(path)))


def _lines_of_modules(folder: str, lines_of: LinesOf, headings: bool) -> Iterator[str]:
    """What cannot be read is told at once, and is the command's failure once all are done."""
    modules, calling, failed = list(modules_below(folder)), 0, 0
    if not modules:
        raise TraceError(f"{folder} has no modules (.ko, or compressed) below it; give an image")
    for module in modules:
        try:
            lines = list(lines_of(open_image_or_object(str(module)))) if _may_call(module) else []
        except NoSites:
            continue
        except TraceError as error:
            failed += 1
            print(f"acrn-trace: {printable(str(error))}", file=sys.stderr)
            continue
        calling += bool(lines)
        yield from [f"{module}:", *lines, ""] if lines and headings else lines
    if headings:
        yield f"{calling} of {len(modules)} modules make hypercalls"
    if failed:
        raise TraceError(f"{failed} of {len(modules)} modules below {folder} could not be read")


def _may_call(module: Path) -> bool:
    """Whether it has the bytes of a hypercall anywhere: most have not, and are done with."""
    path = str(module)
    data = open_file(path, "the module", lambda file: decompressed(file, path).read())
    return any(code in data for code in hypercalls())
