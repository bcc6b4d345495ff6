# SPDX-License-Identifier: BSD-3-Clause
"""Traces the hypervisor's side: breakpoints in its dispatcher and its handlers."""

from typing import Callable

import gdb

from acrn_trace.guest.abi import MASK64, main_abi
from acrn_trace.guest.psabi import PARAMETERS
from acrn_trace.image.image import open_image
from acrn_trace.in_gdb.guard import uninterrupted
from acrn_trace.in_gdb.guest_memory import read_machine_memory
from acrn_trace.in_gdb.points import HypervisorPoint
from acrn_trace.in_gdb.registers import read_register
from acrn_trace.in_gdb.resume import Resumption
from acrn_trace.in_gdb.settings import HYPERVISOR_SYMBOLS
from acrn_trace.sites.hypervisor_code import Access, HypervisorCode, hypervisor_code
from acrn_trace.trace.both_sides import BothSides


class HypervisorSide:
    """Feeds ``sides`` from breakpoints, as long as it is there."""

    def __init__(self, resumption: Resumption, path: str) -> None:
        self.sides = BothSides()
        self._resumption = resumption
        self._code: HypervisorCode = hypervisor_code(open_image(path))
        self._points = [self._plant(self._code.dispatch, self._arrived)]
        for address, name in self._code.handlers.items():
            self._points.append(self._plant(address, lambda name=name: self._handled_by(name)))
        self._points += [self._plant(at, self._handler_returned) for at in self._code.returns]

    def delete(self) -> None:
        for point in self._points:
            point.delete()
        self._points.clear()

    def _plant(self, address: int, action: Callable[[], None]) -> HypervisorPoint:
        def hit() -> bool:
            try:
                if self._is_hypervisor(address):
                    action()
            except gdb.error:
                pass  # the guest's side says what is wrong with the stub
            return False

        return HypervisorPoint(self._resumption, address, lambda: any(uninterrupted(hit)))

    def _is_hypervisor(self, address: int) -> bool:
        """Whether the code here is the hypervisor's: the guest may run at the same address."""
        expected = self._code.code[address]
        return bool(expected) and read_machine_memory(address, len(expected)) == expected

    def _arrived(self) -> None:
        abi, vcpu = main_abi(), read_register(PARAMETERS[0])
        places = self._code.registers
        registers = {name: _read(vcpu, access) for name, access in places.items()}
        self.sides.arrived(_vcpu(), abi.number_in(registers), abi.arguments_in(registers))

    def _handled_by(self, name: str) -> None:
        self.sides.handled_by(_vcpu(), name)

    def _handler_returned(self) -> None:
        self.sides.handler_returned(_vcpu(), read_register("rax"))


def hypervisor_side(resumption: Resumption) -> HypervisorSide | None:
    """The side that the user asked for."""
    path = gdb.parameter(HYPERVISOR_SYMBOLS)
    return HypervisorSide(resumption, path) if path else None


def _vcpu() -> int:
    return gdb.selected_thread().ptid[1] - 1


def _read(vcpu: int, access: Access) -> int:
    """A number in the hypervisor's structure; 0 where its memory cannot be read."""
    offset = access.base
    if access.index:
        offset += _read(vcpu, access.index) * access.stride
    data = read_machine_memory(vcpu + offset & MASK64, access.size)
    return int.from_bytes(data or b"", "little")
