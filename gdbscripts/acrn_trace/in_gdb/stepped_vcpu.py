# SPDX-License-Identifier: BSD-3-Clause
"""Ends the single steps that QEMU leaves vCPUs in, which would run past breakpoints of ours.

Where GDB steps a vCPU and lets the others run, another one may stop first. QEMU then reports that
one, and ends its step alone (gdb_vm_state_change). The first stays in its step: whenever it is
resumed, for whatever reason, it runs one instruction, and no breakpoint there counts. If the others
stop again by then, that is not reported either, and so it goes on, instruction by instruction: GDB
steps the other over its breakpoint, resumes both, and nothing of that is told to anybody. So each
stop that we are told of ends the step, wherever the vCPU is: it is resumed by a step that is none,
and stops at once, by a breakpoint where it is.

Nothing is run and nothing changed by that: no interrupt comes first, since IF is cleared meanwhile.
"""

import contextlib
import re
from typing import Iterable

import gdb

from acrn_trace.base.errors import TraceError
from acrn_trace.guest.abi import RFLAGS_IF
from acrn_trace.in_gdb.guard import interrupts_put_off
from acrn_trace.in_gdb.stub import StubVcpu, breakpoint_kind
from acrn_trace.in_gdb.vcpu import vcpu_state

# Stops of others while a command of the user's runs: it may be a step or not, of which GDB tells
# nobody. Its steps are soon over, and to end one costs 13 packets.
LOOKS = 256


class SteppedVcpus:
    """Those that the user's commands may have left in a step."""

    def __init__(self) -> None:
        self._looks = 0
        self._stepped: gdb.InferiorThread | None = None  # by GDB, while others run

    def resumed(self) -> None:
        """A command of the user's makes the guest run: GDB steps the selected vCPU, if any."""
        self._looks, self._stepped = LOOKS, gdb.selected_thread()

    def free_within_command(self) -> None:
        """GDB handles a stop, and may go on with the command."""
        if self._looks and self._stepped and self._stepped.is_valid():
            self._looks -= _free([self._stepped])

    def free(self) -> None:
        """A command is done: free all, or they would step along with what the next one steps."""
        _free(gdb.selected_inferior().threads())


def _free(threads: Iterable[gdb.InferiorThread]) -> int:
    """Free those of the vCPUs that have not stopped: how many they were."""
    reported = gdb.selected_thread()
    if not reported or breakpoint_kind() != gdb.BP_HARDWARE_BREAKPOINT:
        return 0  # it is TCG that steps past breakpoints
    others = [one for one in threads if one.ptid != reported.ptid]
    # GDB tells of a guest that is gone.
    with interrupts_put_off(), contextlib.suppress(gdb.error, TraceError):
        for thread in others:
            with contextlib.suppress(TraceError):
                _end_step(StubVcpu(thread))
        if others:
            StubVcpu(reported)  # what GDB believes to be selected
    return len(others)


def _stops_at(vcpu: StubVcpu, rip: int) -> bool:
    """Whether a breakpoint there would stop it: it is at a linear address, and must be reached.

    Where RIP needs more than 32 bits the code segment has no base. Intel SDM volume 3, 3.2.4.
    """
    if rip >> 32 == 0 and not re.search("^CS =[0-9a-f]+ 0+ ", vcpu_state(vcpu.number), re.M):
        return False
    return not vcpu.is_halted()


def _end_step(vcpu: StubVcpu) -> None:
    rip, flags, mode = vcpu.read("rip"), vcpu.read("eflags"), vcpu.step_mode()
    if mode is None or not _stops_at(vcpu, rip):
        return  # not QEMU's stub, or it is none that runs
    if not vcpu.insert(gdb.BP_HARDWARE_BREAKPOINT, rip):
        return  # no breakpoint is left
    vcpu.write({"eflags": flags & ~RFLAGS_IF})  # no interrupt is to come first
    vcpu.step_onto_breakpoint(mode)
    vcpu.write({"eflags": flags})
    vcpu.remove(gdb.BP_HARDWARE_BREAKPOINT, rip)
