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

from acrn_trace.guest.abi import RFLAGS_IF
from acrn_trace.in_gdb.target import breakpoint_kind, interrupts_put_off, vcpu_state

# At vCPUs, while a command of the user's runs: it may be a step or not, of which GDB tells nobody.
# Its steps are soon over, and a look costs three packets.
LOOKS = 256
RIP, EFLAGS = 16, 17  # QEMU's gdb-xml/i386-64bit.xml


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
    with interrupts_put_off(), contextlib.suppress(gdb.error):  # GDB tells of a guest that is gone
        for thread in others:
            _free(_Stub(thread), places)
        if others:
            _Stub(reported)  # what GDB believes to be selected
    return len(others)


def _free(stub: "_Stub", places: Container[int] | None) -> None:
    rip = stub.read(RIP)
    if rip and (places is None or rip in places) and stub.stops_at(rip):
        stub.end_step(rip)


class _Stub:
    """Packets of ours about one vCPU, of which GDB is to know nothing."""

    def __init__(self, thread: gdb.InferiorThread) -> None:
        self._connection = thread.inferior.connection
        pid, number, _ = thread.ptid
        self._vcpu, self._name = number - 1, f"p{pid:x}.{number:x}"
        self._ask(f"Hg{self._name}")

    def _ask(self, packet: str) -> str:
        return (self._connection.send_packet(packet.encode()) or b"").decode("ascii", "replace")

    def read(self, number: int) -> int:
        try:
            return int.from_bytes(bytes.fromhex(self._ask(f"p{number:x}")), "little")
        except ValueError:  # an error of the stub's
            return 0

    def _write(self, number: int, value: int, size: int) -> None:
        self._ask(f"P{number:x}={value.to_bytes(size, 'little').hex()}")

    def stops_at(self, rip: int) -> bool:
        """Whether a breakpoint there would stop it: it is at a linear address, and must be reached.

        Where RIP needs more than 32 bits the code segment has no base. Intel SDM volume 3, 3.2.4.
        """
        if rip >> 32 == 0 and not re.search("^CS =[0-9a-f]+ 0+ ", vcpu_state(self._vcpu), re.M):
            return False
        return b"halted" not in bytes.fromhex(self._ask(f"qThreadExtraInfo,{self._name}"))

    def end_step(self, rip: int) -> None:
        flags, step = self.read(EFLAGS), self._ask("qqemu.sstep")
        if not step.startswith("0x") or self._ask(f"Z1,{rip:x},1") != "OK":
            return  # not QEMU's stub, or it has no breakpoint left
        self._write(EFLAGS, flags & ~RFLAGS_IF, 4)  # no interrupt is to come first
        self._ask("Qqemu.sstep=0")
        self._ask(f"vCont;s:{self._name}")
        self._ask(f"Qqemu.sstep={step.removeprefix('0x')}")
        self._write(EFLAGS, flags, 4)
        self._ask(f"z1,{rip:x},1")
