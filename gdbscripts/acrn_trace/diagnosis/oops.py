# SPDX-License-Identifier: BSD-3-Clause
"""Reads what a Linux keeps of its first oops: the registers, which the stack has no longer.

After an oops the stack is rewound to its top and the task is killed from there
(arch/x86/kernel/dumpstack.c, oops_end). The registers of the first oops stay in exec_summary_regs,
a struct pt_regs, from 4.18 on; die_counter counts all.
"""

import struct

from acrn_trace.at_rest.corenotes import SAVED_REGISTERS
from acrn_trace.diagnosis.case import Case, VcpuState
from acrn_trace.diagnosis.kernel_ends import OOPSED, found_in
from acrn_trace.diagnosis.places import Places
from acrn_trace.diagnosis.rules_registers import instruction_of
from acrn_trace.diagnosis.stack import LONGEST_INSTRUCTION, is_pushed
from acrn_trace.diagnosis.standing import Interrupted, Oops
from acrn_trace.guest.abi import MASK64
from acrn_trace.guest.bytes_at import read_up_to, try_read

REGISTERS, COUNTER = "exec_summary_regs", "die_counter"
# struct pt_regs (arch/x86/include/asm/ptrace.h): R15 to the vector, then what is pushed: RIP, CS,
# RFLAGS, RSP, SS. From 6.9 on FRED has more of its own in the upper bits of CS and SS.
PT_REGS = struct.Struct("<21Q")
SAVED = 16
SELECTOR = 0xFFFF


def find_oops(case: Case, place_of: Places, states: list[VcpuState]) -> Oops | None:
    """The first oops of the guest; None if there was none, or it is no Linux that keeps it."""
    at = _address_of(case, REGISTERS)
    frame = _frame(case, place_of, at) if at is not None else None
    count = _count(case)
    if frame is None or count == 0:
        return None
    what = f"{_instruction(frame)} at {frame.place}"
    vcpu = _dying(states) if count in (1, None) else None  # of more, this may be another one
    registers = dict(zip(SAVED_REGISTERS, frame.saved))
    return Oops(frame, what, case.knowledge.abi.number_in(registers), count, vcpu)


def _count(case: Case) -> int | None:
    at = _address_of(case, COUNTER)
    data = try_read(case.found.memory, at, 4) if at is not None else None
    return None if data is None else int.from_bytes(data, "little")


def _dying(states: list[VcpuState]) -> int | None:
    """The vCPU that kills its task for an oops, if it is one alone."""
    dying = [state.number for state in states if state.in_guest and found_in(state, OOPSED)]
    return dying[0] if len(dying) == 1 else None


def _address_of(case: Case, name: str) -> int | None:
    if not case.image_is_right or case.image_is_hypervisors or case.found.image is None:
        return None
    linked = case.found.image.object_named(name)
    return None if linked is None else linked + case.found.offset & MASK64


def _frame(case: Case, place_of: Places, at: int) -> Interrupted | None:
    """The registers at ``at``; they are zero before the first oops."""
    data = try_read(case.found.memory, at, PT_REGS.size)
    if data is None:
        return None
    *saved, rip, cs, flags, rsp, ss = PT_REGS.unpack(data)
    cs, ss = cs & SELECTOR, ss & SELECTOR
    if not is_pushed(cs, flags, ss):
        return None
    code = read_up_to(case.found.memory, rip, LONGEST_INSTRUCTION)
    return Interrupted(at + 8 * SAVED, rip, cs, rsp, place_of(rip), code, tuple(saved))


def _instruction(frame: Interrupted) -> str:
    if not frame.code:
        return "no code"
    text = instruction_of(frame)
    return f"'{text}'" if text else f"the code {frame.code.hex(' ', 1)[:14]}"
