# SPDX-License-Identifier: BSD-3-Clause
"""Reads the selected vCPU as GDB has it: registers, memory as it sees it, a stop as integers."""

import re
import time
from typing import Callable

import gdb

from acrn_trace.base.errors import TargetError
from acrn_trace.guest.abi import GENERAL_REGISTERS, MASK64
from acrn_trace.guest.site import Site
from acrn_trace.guest.stop import Frame, Stop, Task, outermost_cut
from acrn_trace.in_gdb import stub

READ_REGISTERS = (*GENERAL_REGISTERS, "rip", "eflags", "cr3")
MAX_FRAMES = 32


def read_register(name: str) -> int:
    """A register of the selected thread's innermost frame, unsigned; 0 if the stub has none."""
    try:
        return int(gdb.newest_frame().read_register(name)) & MASK64
    except ValueError:
        return 0


def write_register(name: str, value: int) -> None:
    """Write one of the selected thread's; ``value`` is taken modulo 2 to the 64."""
    assign(f"${name}", value)


def assign(place: str, value: int) -> None:
    """Give ``place``, a register or part of one, a value of up to 64 bits.

    In whatever language GDB is: Ada, Pascal and Modula-2 compare by "=".
    """
    signed = value - (1 << 64) if value >> 63 & 1 else value
    done = gdb.parse_and_eval(f"{place} = {signed}")
    if done.type.strip_typedefs().code == gdb.TYPE_CODE_BOOL:
        gdb.parse_and_eval(f"{place} := {signed}")


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
    """The guest's call stack from ``frame`` outward, as far as GDB can unwind it."""
    frames: list[Frame] = []
    try:
        while frame and frame.is_valid() and len(frames) < MAX_FRAMES:
            place = frame.find_sal()
            file = place.symtab.filename if place.symtab else None
            frames.append(Frame(frame.name(), file, place.line or None, frame.pc()))
            frame = frame.older()
    except gdb.error:
        pass  # the guest's stack ends in something that is none
    return outermost_cut(frames)


def read_memory(address: int, size: int) -> bytes | None:
    """Guest memory at a virtual address of the selected vCPU; None if it cannot be read.

    Through a value, since GDB 14 and newer read an inferior's memory by any of its threads.
    """
    byte = gdb.selected_inferior().architecture().integer_type(8, False)
    data = gdb.Value(address).cast(byte.array(size - 1).pointer()).dereference()
    try:
        data.fetch_lazy()
        return bytes(int(data[index]) for index in range(size))
    except gdb.error:
        return None


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


def has_hypercall(site: Site) -> bool:
    """Whether the address space in force has the hypercall instruction at ``site`` now.

    Breakpoints match virtual addresses, whoever runs there: the hypervisor, or a process without
    the image. And code may be patched: what was seen there at one stop says nothing of the next.
    """
    return read_memory(site.address, site.abi.length) in site.abi.codes
