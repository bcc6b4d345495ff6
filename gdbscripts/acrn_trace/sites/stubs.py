# SPDX-License-Identifier: BSD-3-Clause
"""Tells sites that stand alone in a function, which many call: Linux's ``xen_hypercall_amd``.

Such a function says nothing of the call: whoever called it does, whose address is where RSP points.
"""

import re
from dataclasses import replace
from typing import Iterable

from acrn_trace.guest.site import Site
from acrn_trace.image.image import Image
from acrn_trace.sites.page_writes import may_have_pages

MAX_BEFORE = 16  # bytes
# ENDBR64, and NOPs of up to nine bytes: Intel SDM volume 2, NOP
_ENDBR64, _NOP = rb"\xf3\x0f\x1e\xfa", rb"\x66?\x90"
_LONG_NOP = rb"\x66?\x0f\x1f(?:\x00|\x40.|\x04.|\x44..|\x80.{4}|\x84.{5})"
_BEFORE = re.compile(b"(?s)(?:%s|%s|%s)*" % (_ENDBR64, _NOP, _LONG_NOP))
# RET, or a jump to the kernel's own (x86_return_thunk), which it patches
_RETURNS = (0xC3, 0xE9)


def with_stubs(image: Image, sites: Iterable[Site]) -> list[Site]:
    """The sites of ``image``, as it was linked, with those marked that are such stubs."""
    return [replace(site, is_stub=True) if _is_stub(image, site) else site for site in sites]


def possible_callers(image: Image, sites: Iterable[Site]) -> set[str]:
    """The functions that may make the calls of stubs among ``sites``, or of a hypercall page."""
    if not any(site.is_stub for site in sites) and not may_have_pages(image):
        return set()
    names = (image.function_at(start) for start, _ in image.function_bounds())
    return {name for name in names if name}


def _is_stub(image: Image, site: Site) -> bool:
    symbol = image.symbol_at(site.address)
    if symbol is None or site.bits != 64 or not 0 <= site.address - symbol[1] <= MAX_BEFORE:
        return False
    code = image.read(symbol[1], site.return_address - symbol[1] + 1)
    if code is None:
        return False
    return code[-1] in _RETURNS and bool(_BEFORE.fullmatch(code, 0, site.address - symbol[1]))
