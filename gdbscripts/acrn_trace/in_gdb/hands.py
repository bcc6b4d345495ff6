# SPDX-License-Identifier: BSD-3-Clause
"""Changes a stopped guest: registers of the selected vCPU, guest-physical memory, time."""

import signal
import time
from typing import Mapping

import gdb

from acrn_trace.act.skipped_vmcall import Passage
from acrn_trace.base.errors import TraceError
from acrn_trace.guest.abi import MASK64
from acrn_trace.guest.memory import Unreadable
from acrn_trace.guest.site import Site
from acrn_trace.in_gdb.guest_memory import GuestPhysicalMemory
from acrn_trace.in_gdb.registers import write_register
from acrn_trace.in_gdb.resume import Resumption
from acrn_trace.in_gdb.stub import StubVcpu

TICK = 0.05  # seconds between looks for an interrupt while the guest is held


class GuestHands:
    """What carries out an intervention; ``resumption`` is told how the guest goes on."""

    def __init__(self, resumption: Resumption) -> None:
        self._resumption = resumption
        self._memory = GuestPhysicalMemory()

    def is_shown(self, address: int) -> bool:
        return self._resumption.is_shown(address)

    def set_registers(self, registers: Mapping[str, int]) -> None:
        if self._resumption.going_on:
            StubVcpu(self._resumption.going_on).write(registers)
            return
        for name, value in registers.items():
            write_register(name, value)
        self._resumption.moved |= "rip" in registers

    def stand_at(self, site: Site) -> None:
        cr3, cr4 = (int(gdb.newest_frame().read_register(name)) for name in ("cr3", "cr4"))
        self._resumption.passage = Passage(
            self._memory, cr3 & MASK64, cr4 & MASK64, site.address, site.abi.length
        )

    def pass_over(self) -> None:
        assert self._resumption.passage
        self._resumption.passage.open()

    def write(self, address: int, data: bytes) -> None:
        try:
            self._memory.write(address, data)
        except Unreadable as why:
            raise TraceError(f"cannot write {len(data)} bytes at {address:#x}: {why}") from None

    def hold(self, seconds: float) -> None:
        """Wait, the guest standing still; an interrupt, which is blocked now, ends it."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and signal.SIGINT not in signal.sigpending():
            time.sleep(min(left, TICK))
