# SPDX-License-Identifier: BSD-3-Clause
"""Finds the WRMSR instructions of an image by which it may have a hypercall page filled.

Which MSR one writes is told by a constant that the code before it loads. Where none does, it may
be any, as in a function that writes whatever MSR it is told to.
"""

import bisect
import re
from dataclasses import dataclass
from typing import Iterator

from acrn_trace.guest.abi import MASK64, abi_named
from acrn_trace.guest.hypercall_page import kind_of, page_kinds
from acrn_trace.image.image import Image
from acrn_trace.sites.decoder import Decoder
from acrn_trace.sites.disassembler import MissingCapstone
from acrn_trace.sites.scan import scanned_instructions

WRMSR, CPUID = b"\x0f\x30", b"\x0f\xa2"
MAX_FOUND = 4096
MAX_SIZE = 1 << 20  # bytes of a function
NEAR = 32  # bytes before a WRMSR in which ECX is loaded
# MOV of the number of an MSR to ECX: Intel SDM volume 4, AMD APM volume 2, those of hypervisors
_LOAD = re.compile(rb"(?s)\xb9(.[\x00-\x1f]\x00\x00|..\x01\xc0|.[\x00-\x10]\x00[\x40\xc0])")


@dataclass(frozen=True)
class PageWrites:
    """The addresses of the WRMSRs of an image: ``named`` write a page's MSR by the code, ``any``
    may write whatever MSR. ``cpuids`` are its CPUIDs, by which it finds its hypervisor."""

    named: tuple[int, ...] = ()
    any: tuple[int, ...] = ()
    cpuids: tuple[int, ...] = ()


def page_writes(image: Image) -> PageWrites:
    """Those of ``image``; none without Capstone."""
    if not any(page_kinds()):
        return PageWrites()
    try:
        writes = {at: _msr(image, at) for at in _instructions(image, WRMSR, "WRMSR")}
        named = tuple(at for at, msr in writes.items() if msr is not None and kind_of(msr))
        others = tuple(at for at, msr in writes.items() if msr is None)
        return PageWrites(named, others, _instructions(image, CPUID, "CPUID") if others else ())
    except MissingCapstone:
        return PageWrites()


def may_have_pages(image: Image) -> bool:
    """Whether all calls of ``image`` may be by a page: it writes such an MSR, or any, and has what
    CPUID leaves of such a hypervisor's name. (A note of Xen's has what boots by PVH.)"""
    writes = page_writes(image)
    if writes.named or not writes.any:
        return bool(writes.named)
    words = [abi_named(kind.abi).signature[:4].encode() for kind in page_kinds()]
    parts = (image.read_at_most(one.address, one.file_size) for one in image.segments())
    return any(word in part for part in parts for word in words)


def _instructions(image: Image, code: bytes, name: str) -> tuple[int, ...]:
    """Where they certainly are, by address."""
    bounds = [(start, size) for start, size in image.function_bounds() if size]
    if bounds:
        found = list(_in_functions(image, code, bounds))
    else:
        judged = scanned_instructions(image, code, name)
        found = [address for address in judged if judged[address]]
    return tuple(sorted(found)[:MAX_FOUND])


def _in_functions(image: Image, code: bytes, bounds: list[tuple[int, int]]) -> Iterator[int]:
    """Those that stand where their function, decoded from its beginning, has an instruction.

    What the bytes are elsewhere takes seconds to judge in a kernel; there such bytes are many.
    """
    decoder = Decoder()
    for part in image.code():
        for match in re.finditer(re.escape(code), part.data):
            address = part.address + match.start()
            start, size = bounds[max(bisect.bisect_right(bounds, (address, MASK64)) - 1, 0)]
            if start <= address < start + min(size, MAX_SIZE):
                before = image.read(start, address + len(code) - start) or b""
                if decoder.outline(before, start).begins_at(address):
                    yield address


def _msr(image: Image, address: int) -> int | None:
    """The number of the MSR that is written at ``address``; None where the code does not say."""
    symbol = image.symbol_at(address)
    size = min(NEAR, address - symbol[1]) if symbol else NEAR
    before = image.read(address - size, size) or b""
    loads = _LOAD.findall(before)
    return int.from_bytes(loads[-1], "little") if loads else None
