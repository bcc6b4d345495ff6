# SPDX-License-Identifier: BSD-3-Clause
"""Sees the guest write the MSR by which it has a hypercall page filled, moved or taken away.

Behind each WRMSR that may be the one. Where the code does not say which MSR it writes, only once
the guest's CPUID has named a hypervisor with such a page: a kernel writes many.
"""

from collections import Counter
from functools import partial
from typing import Callable, Iterable

from acrn_trace.guest.abi import MASK64, abi_named
from acrn_trace.guest.hypercall_page import kind_of, page_kinds
from acrn_trace.in_gdb.guest_memory import has_code
from acrn_trace.in_gdb.hypercall_pages import Action, HypercallPages
from acrn_trace.in_gdb.points import DeferredPoint
from acrn_trace.in_gdb.registers import read_register
from acrn_trace.in_gdb.resume import Resumption
from acrn_trace.in_gdb.signatures import signature_by
from acrn_trace.sites.page_writes import CPUID, WRMSR, PageWrites

MAX_OTHERS = 256  # writes of other MSRs by one WRMSR, each of which costs a stop
LOW = 0xFFFF_FFFF


class PageWatch:
    """Tells ``pages`` of the ``writes`` of an image that the guest has ``offset`` from its link
    address."""

    def __init__(
        self, resumption: Resumption, writes: PageWrites, offset: int, pages: HypercallPages
    ) -> None:
        self._resumption, self._offset, self._pages = resumption, offset, pages
        self._any = writes.any
        self._others: Counter[int] = Counter()
        self._cpuids = self._behind_each(writes.cpuids, CPUID, self._at_cpuid)
        self._writes = self._behind_each(writes.named, WRMSR, self._at_write)
        if not self._cpuids:
            self._watch_any()

    def delete(self) -> None:
        for point in self._cpuids + self._writes:
            point.delete()
        self._cpuids, self._writes = [], []

    def _behind_each(
        self, instructions: Iterable[int], code: bytes, look: Callable[[], Action | None]
    ) -> list[DeferredPoint]:
        def hit(at: int) -> Action | None:
            is_there = read_register("rip") == at + len(code) and has_code(at, (code,))
            return look() if is_there else None

        places = [at + self._offset & MASK64 for at in instructions]
        return [DeferredPoint(self._resumption, at + len(code), partial(hit, at)) for at in places]

    def _at_cpuid(self) -> Action | None:
        """Whatever leaf was asked for: EAX is lost by then."""
        signature = signature_by(read_register)
        known = [abi_named(kind.abi).signature for kind in page_kinds()]
        return self._watch_any if signature in known else None

    def _watch_any(self) -> None:
        for point in self._cpuids:
            point.delete()
        self._cpuids = []
        self._writes += self._behind_each(self._any, WRMSR, self._at_write)
        self._any = ()

    def _at_write(self) -> Action | None:
        """WRMSR changes no register: what was written where is still in them."""
        kind = kind_of(read_register("rcx") & LOW)
        if kind is None:
            return self._other_write(read_register("rip"))
        value = (read_register("rdx") & LOW) << 32 | read_register("rax") & LOW
        return self._pages.filled(kind, kind.page(value))

    def _other_write(self, behind: int) -> Action | None:
        self._others[behind] += 1
        return partial(self._give_up, behind) if self._others[behind] == MAX_OTHERS else None

    def _give_up(self, behind: int) -> None:
        for point in self._writes:
            if point.address == behind:
                point.delete()
        self._writes = [point for point in self._writes if point.address != behind]
