# SPDX-License-Identifier: BSD-3-Clause
"""Finds out what takes a guest's VMCALL: a hypervisor below it, or its own handler of #UD."""

import re

import gdb

from acrn_trace.image.kernel_offset import gate_target
from acrn_trace.in_gdb.stub import runs_under_tcg
from acrn_trace.in_gdb.vcpu import exception_gate, vcpu_state
from acrn_trace.trace.event import Event
from acrn_trace.trace.unanswered import Ground

SVME = 1 << 12  # of EFER: VMRUN refuses a guest without it. AMD APM volume 2, 15.5.1
VECTOR_UD = 6
GATE_SIZE = 16
PRESENT, GATE_TYPE = 0x80, 0x1F
GATE_TYPES = (0x0E, 0x0F)  # interrupt, trap; and bit 4 clear. Intel SDM volume 3, 3.5
NULL_SELECTORS, IN_LDT = range(4), 4

_TABLE = r"^{}= *[0-9a-f]+ ([0-9a-f]+)$"


def ground_below(vcpu: int | None) -> Ground:
    """What is below a vCPU that stands at a VMCALL. TCG has SVM and no VMX."""
    if vcpu is None:
        return Ground()
    state = vcpu_state(vcpu)
    efer = re.search(r"^EFER=([0-9a-f]+)", state, re.MULTILINE)
    bare = efer is not None and not int(efer[1], 16) & SVME and runs_under_tcg()
    return Ground(bare, _ud_handler(vcpu, state))


def _ud_handler(vcpu: int, state: str) -> str | None:
    """The guest's handler of #UD; "" where the processor would find none there, None if unknown."""
    limits = [re.search(_TABLE.format(name), state, re.MULTILINE) for name in ("IDT", "GDT")]
    gate = exception_gate(vcpu, VECTOR_UD)
    if gate is None or not all(limits):
        return None
    idt_limit, gdt_limit = (int(limit[1], 16) for limit in limits if limit)
    is_within = idt_limit >= (VECTOR_UD + 1) * GATE_SIZE - 1
    return _name(gate_target(gate)) if is_within and _leads_on(gate, gdt_limit) else ""


def _leads_on(gate: bytes, gdt_limit: int) -> bool:
    """Whether the processor can go through the gate, as far as the GDT's limit tells."""
    selector = int.from_bytes(gate[2:4], "little")
    if not gate[5] & PRESENT or gate[5] & GATE_TYPE not in GATE_TYPES:
        return False
    if selector in NULL_SELECTORS:
        return False
    return bool(selector & IN_LDT) or (selector | 7) <= gdt_limit


def _name(address: int) -> str:
    """``0x101000 (isr6)``, or the address alone."""
    try:
        pointer = gdb.Value(address).cast(gdb.lookup_type("void").pointer())
        _, _, symbol = pointer.format_string(symbols=True).partition(" <")
    except gdb.error:
        return f"{address:#x}"
    return f"{address:#x} ({symbol.rstrip('>')})" if symbol else f"{address:#x}"


def instruction_of(event: Event | None) -> str | None:
    """Where the vCPU that made a call is; None if nobody knows, or it has yet to execute VMCALL."""
    if event is None or event.site is None:
        return None
    rip = re.search(r"^RIP=([0-9a-f]+)", vcpu_state(event.vcpu or 0), re.MULTILINE)
    if rip is None or int(rip[1], 16) == event.site.address:
        return None
    return _name(int(rip[1], 16))
