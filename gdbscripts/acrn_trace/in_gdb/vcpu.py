# SPDX-License-Identifier: BSD-3-Clause
"""Reads the selected vCPU as GDB has it: a stop as integers, its stack, its exceptions' gates."""

import re
import time
from typing import Callable

import gdb

from acrn_trace.base.errors import TargetError
from acrn_trace.guest.abi import GENERAL_REGISTERS, MASK64
from acrn_trace.guest.site import Site
from acrn_trace.guest.stop import Frame, Stop, Task, outermost_cut
from acrn_trace.in_gdb import stub
from acrn_trace.in_gdb.guest_memory import read_memory, runs_nested

READ_REGISTERS = (*GENERAL_REGISTERS, "rip", "eflags", "cr3")
MAX_FRAMES = 32


def read_stop(
    with_stack: bool = False, task_of: Callable[[gdb.Frame], Task | None] = lambda frame: None
) -> Stop:
    """The selected thread, stopped, as integers. QEMU numbers its threads from 1, vCPUs from 0."""
    frame = gdb.newest_frame()
    registers = {}
    for name in READ_REGISTERS:
        try:
            registers[name] = int(frame.read_register(name)) & MASK64
        except ValueError:  # a stub whose target description has no control registers
            registers[name] = 0
    vcpu = gdb.selected_thread().ptid[1] - 1
    stack = _stack(frame) if with_stack else ()
    return Stop(vcpu, time.time(), registers, stack, task_of(frame))


def _stack(frame: gdb.Frame | None) -> tuple[Frame, ...]:
    """The guest's call stack from ``frame`` outward, as far as GDB can unwind it.

    Of a nested guest that is the function where the vCPU stands, and those that it is inlined in:
    the rest is in memory that GDB would look for through the wrong tables.
    """
    frames: list[Frame] = []
    is_nested = runs_nested()
    try:
        while frame and frame.is_valid() and len(frames) < MAX_FRAMES:
            place = frame.find_sal()
            file = place.symtab.filename if place.symtab else None
            frames.append(Frame(frame.name(), file, place.line or None, frame.pc()))
            frame = None if is_nested and frame.type() != gdb.INLINE_FRAME else frame.older()
    except gdb.error:
        pass  # the guest's stack ends in something that is none
    return outermost_cut(frames)


def exception_frame_below(stop: Stop, site: Site) -> bool | None:
    """Whether an exception at ``site`` left a frame below the stop's RSP; None if nobody can tell.

    The processor aligns RSP to 16 and pushes SS, RSP, RFLAGS, CS and RIP, unless the handler has a
    stack of its own (IST). Intel SDM volume 3, 6.14.2.
    """
    data = read_memory((stop.rsp & ~15) - 40, 40)
    if data is None:
        return None
    rip, rsp = int.from_bytes(data[:8], "little"), int.from_bytes(data[24:32], "little")
    if rip == site.address and rsp == stop.rsp:
        return True
    return False if _faults_stay_on_stack(stop.vcpu) else None


def _faults_stay_on_stack(vcpu: int) -> bool:
    """Whether #UD and #GP, which are what VMCALL raises, have no IST stack in the vCPU's IDT."""
    gates = [exception_gate(vcpu, vector) for vector in (6, 13)]
    return all(gate is not None and gate[4] & 7 == 0 for gate in gates)


def exception_gate(vcpu: int, vector: int) -> bytes | None:
    """A gate of the vCPU's IDT; None if it cannot be read. Intel SDM volume 3, figure 6-8."""
    table = re.search(r"^IDT= *([0-9a-f]+)", vcpu_state(vcpu), re.MULTILINE)
    return read_memory(int(table.group(1), 16) + vector * 16, 16) if table else None


def vcpu_state(vcpu: int) -> str:
    """What QEMU's monitor says of a vCPU; "" where it says nothing."""
    try:
        text = stub.ask_monitor("info registers -a")
    except TargetError:
        return ""
    of_one = rf"^CPU#{vcpu}\b.*?(?=^CPU#|\Z)"
    found = re.search(of_one, text.replace("\r", ""), re.DOTALL | re.MULTILINE)
    return found[0] if found else ""
