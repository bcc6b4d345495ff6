# SPDX-License-Identifier: BSD-3-Clause
"""Recognises registers that a call left other than they were, and their use afterwards."""

from typing import Iterator

from acrn_trace.diagnosis.case import CERTAIN, PROBABLE, Diagnosis, Recorded, VcpuState
from acrn_trace.diagnosis.match import Match, called, record_of
from acrn_trace.diagnosis.standing import Interrupted
from acrn_trace.sites.decoder import Decoder
from acrn_trace.sites.disassembler import MissingCapstone

NEAR = 1 << 16  # an address that is so close to a register's value came from it


def lost_and_used(diagnosis: Diagnosis) -> Iterator[Match]:
    """The value that the call left is where the guest went wrong."""
    for call, state in _last_clobbered(diagnosis):
        for register, (before, after) in call.event.clobbered.items():
            traces = tuple(_uses(state, register, after))
            if not traces:
                continue
            change = f"{record_of(call)}: {register} was {before:#x} before and {after:#x} after"
            words = {"register": register, "call": called(call), "vcpu": state.number}
            yield Match(words, (change, *traces), PROBABLE, call.event.vcpu)


def lost(diagnosis: Diagnosis) -> Iterator[Match]:
    """A call left registers changed; nothing shows that they were used."""
    used = {(m.words["call"], m.words["register"]) for m in lost_and_used(diagnosis)}
    told: set[tuple[str, str]] = set()
    for call in diagnosis.calls:
        for register, (before, after) in call.event.clobbered.items():
            key = called(call), register
            if key in used or key in told:
                continue
            told.add(key)
            words = {"register": register, "call": called(call)}
            change = f"{record_of(call)}: {register} was {before:#x} before and {after:#x} after"
            yield Match(words, (change,), CERTAIN, call.event.vcpu)


def _last_clobbered(diagnosis: Diagnosis) -> Iterator[tuple[Recorded, VcpuState]]:
    """The last call of each vCPU, if it changed registers that it must not."""
    for state in diagnosis.vcpus:
        calls = diagnosis.calls_of(state.number)
        if calls and calls[-1].event.clobbered and state.in_guest:
            yield calls[-1], state


def _uses(state: VcpuState, register: str, value: int) -> Iterator[str]:
    """What shows that the value was used: that it is still somewhere is not enough."""
    for frame in state.interrupted[:1]:
        instruction = instruction_of(frame)
        if value in frame.saved and instruction and _names(instruction, register):
            yield (
                f"vCPU {state.number} was interrupted at {frame.place} in '{instruction}', which "
                f"uses {register}, and the handler has saved that value"
            )
    fault = state.registers.get("cr2")
    if fault is not None and value > NEAR and abs(fault - value) < NEAR:
        yield f"the last page fault of vCPU {state.number} was at {fault:#x}, near that value"


def instruction_of(frame: Interrupted) -> str | None:
    """The instruction that was interrupted, as GDB writes it."""
    try:
        found = Decoder(for_people=True).decode(frame.code, frame.rip, 1)
    except MissingCapstone:
        return None
    return f"{found[0][2]} {found[0][3]}".strip() if found else None


_PARTS = {
    **{f"r{n}": (f"%r{n}", f"%r{n}d", f"%r{n}w", f"%r{n}b") for n in range(8, 16)},
    **{f"r{n}x": (f"%r{n}x", f"%e{n}x", f"%{n}x", f"%{n}l", f"%{n}h") for n in "abcd"},
    **{f"r{n}": (f"%r{n}", f"%e{n}", f"%{n}", f"%{n}l") for n in ("si", "di", "bp", "sp")},
}


def _names(instruction: str, register: str) -> bool:
    """Whether an instruction in AT&T syntax names a part of the register."""
    words = instruction.replace("(", " ").replace(")", " ").replace(",", " ").split()
    return any(part in words for part in _PARTS.get(register, ()))
