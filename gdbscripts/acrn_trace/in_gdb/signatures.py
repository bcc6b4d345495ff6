# SPDX-License-Identifier: BSD-3-Clause
"""Sees which hypervisors the guest's CPUID names, and so whose calls it makes where no code tells.

Only what runs under the trace is seen: behind each CPUID of the image, whatever leaf was asked for,
since EAX is lost by then.
"""

from dataclasses import replace
from typing import Callable, Iterable

from acrn_trace.guest.abi import abis, unknown_abi
from acrn_trace.guest.site import Site
from acrn_trace.guest.stop import Stop
from acrn_trace.image.image import Image
from acrn_trace.in_gdb.guest_memory import has_code
from acrn_trace.in_gdb.points import AddressPoint
from acrn_trace.in_gdb.resume import Resumption
from acrn_trace.sites.disassembler import MissingCapstone
from acrn_trace.sites.page_writes import CPUID
from acrn_trace.sites.scan import scanned_instructions
from acrn_trace.trace.found import FoundHypervisors

MAX_CPUIDS = 4096
BY_SIGNATURE = "cpuid"


def signature_by(read: Callable[[str], int]) -> str:
    """The twelve characters that CPUID leaves of a hypervisor's first leaf, without NULs behind."""
    words = (read(name) & 0xFFFFFFFF for name in ("rbx", "rcx", "rdx"))
    data = b"".join(word.to_bytes(4, "little") for word in words)
    return data.rstrip(b"\0").decode("latin-1")


class Signatures:
    """Adds to ``found`` those that are seen. Nothing is planted where every one of ``sites`` says
    whose call it makes, and all make one hypervisor's."""

    def __init__(
        self,
        resumption: Resumption,
        image: Image,
        offset: int,
        sites: Iterable[Site],
        found: FoundHypervisors,
    ) -> None:
        self._found = found
        self._points: list[AddressPoint] = []
        told_by = {site.abi if site.abi_by else None for site in sites}
        if None in told_by or len(told_by) > 1:
            self._points = [
                AddressPoint(resumption, at + offset + len(CPUID), self._look)
                for at in _instructions(image)[:MAX_CPUIDS]
            ]

    def told(self, site: Site) -> Site:
        """The site with the ABI of the one signature that was seen; of two it is unknown."""
        found = self._found.rows
        if site.abi_by is not None or not found:
            return site
        abi = found[0] if len(found) == 1 else unknown_abi()
        return replace(site, abi=abi, abi_by=BY_SIGNATURE)

    def delete(self) -> None:
        for point in self._points:
            point.delete()
        self._points.clear()

    def _look(self, stop: Stop) -> None:
        behind = stop.registers["rip"]
        signature = signature_by(stop.registers.__getitem__)
        rows = [abi for abi in abis().values() if abi.signature == signature]
        if rows and has_code(behind - len(CPUID), (CPUID,)):
            self._found.add(rows[0])


def _instructions(image: Image) -> list[int]:
    try:
        return sorted(scanned_instructions(image, CPUID, "CPUID"))
    except MissingCapstone:
        return []
