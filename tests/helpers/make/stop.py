# SPDX-License-Identifier: BSD-3-Clause
"""Stops made by hand, for tests of what is behind the debugger."""

from acrn_trace.guest.abi import GENERAL_REGISTERS
from acrn_trace.guest.site import Site
from acrn_trace.guest.stop import Stop

START_VM, GET_VERSION = 0x80000012, 0x80000000
SITE = Site(0xFFFFFFFF81000100, START_VM, "src/service.c", 42, "start")
OTHER_SITE = Site(0xFFFFFFFF81000200, GET_VERSION, "src/service.c", 50, "version")


def stop(vcpu: int = 0, time: float = 1.0, **registers: int) -> Stop:
    """A stop whose registers are odd values but for those given."""
    values = {name: 0x1000 + index for index, name in enumerate(GENERAL_REGISTERS)}
    values |= {"rip": 0, "eflags": 0x246, "cr3": 0x5000, "rsp": 0xFFFF_0000, "r8": START_VM}
    return Stop(vcpu, time, values | registers)
