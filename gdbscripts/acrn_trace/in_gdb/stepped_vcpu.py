# SPDX-License-Identifier: BSD-3-Clause
"""Ends the single steps that QEMU leaves vCPUs in, which would run past breakpoints of ours.

Where GDB steps a vCPU and lets the others run, another one may stop first. QEMU then reports that
one, and ends its step alone (gdb_vm_state_change). The first stays in its step: whenever it is
resumed, for whatever reason, it runs one instruction, and no breakpoint there counts. So it is
resumed by a step that is none, and stops at once, by a breakpoint where it is.

Nothing is run and nothing changed by that: no interrupt comes first, since IF is cleared meanwhile.
"""

import contextlib
import re
from typing import Container

import gdb

from acrn_trace.base.errors import TraceError
from acrn_trace.guest.abi import RFLAGS_IF
from acrn_trace.in_gdb.guard import interrupts_put_off
from acrn_trace.in_gdb.stub import StubVcpu, breakpoint_kind
from acrn_trace.in_gdb.vcpu import vcpu_state

# At vCPUs, while a command of the user's runs: it may be a step or not, of which GDB tells nobody.
# Its steps are soon over, and a look costs three packets.
LOOKS = 256


class SteppedVcpus:
    """Those that the user's commands may have left in a step."""

    def __init__(self) -> None:
        self._looks = 0

    def resumed(self) -> None:
        """A command of the user's makes the guest run."""
        self._looks = LOOKS

    def free_at(self, places: Container[int]) -> None:
        """GDB handles a stop within a command: free those that are about to pass a place."""
        if self._looks:
            self._looks = max(0, self._looks - _free_others(places))

    def free(self) -> None:
        """A command is done: free all, or they would step along with what the next one steps."""
        _free_others(None)


def _free_others(places: Container[int] | None) -> int:
    """Free all vCPUs but the one that has stopped: how many were looked at."""
    reported = gdb.selected_thread()
    if not reported or breakpoint_kind() != gdb.BP_HARDWARE_BREAKPOINT:
        return 0  # it is TCG that steps past breakpoints
    others = [one for one in reported.inferior.threads() if one.ptid != reported.ptid]
    # GDB tells of a guest that is gone.
    with interrupts_put_off(), contextlib.suppress(gdb.error, TraceError):
        for thread in others:
            with contextlib.suppress(TraceError):
                _free(StubVcpu(thread), places)
        if others:
            StubVcpu(reported)  # what GDB believes to be selected
    return len(others)


def _free(vcpu: StubVcpu, places: Container[int] | None) -> None:
    rip = vcpu.read("rip")
    if rip and (places is None or rip in places) and _stops_at(vcpu, rip):
        _end_step(vcpu, rip)


def _stops_at(vcpu: StubVcpu, rip: int) -> bool:
    """Whether a breakpoint there would stop it: it is at a linear address, and must be reached.

    Where RIP needs more than 32 bits the code segment has no base. Intel SDM volume 3, 3.2.4.
    """
    if rip >> 32 == 0 and not re.search("^CS =[0-9a-f]+ 0+ ", vcpu_state(vcpu.number), re.M):
        return False
    return not vcpu.is_halted()


def _end_step(vcpu: StubVcpu, rip: int) -> None:
    flags, mode = vcpu.read("eflags"), vcpu.step_mode()
    if mode is None or not vcpu.insert(gdb.BP_HARDWARE_BREAKPOINT, rip):
        return  # not QEMU's stub, or it has no breakpoint left
    vcpu.write({"eflags": flags & ~RFLAGS_IF})  # no interrupt is to come first
    vcpu.step_onto_breakpoint(mode)
    vcpu.write({"eflags": flags})
    vcpu.remove(gdb.BP_HARDWARE_BREAKPOINT, rip)
