# SPDX-License-Identifier: BSD-3-Clause
"""Finds where each vCPU is: in the guest or the hypervisor, in which function, how it stands."""

from acrn_trace.at_rest.postmortem import GUEST, HYPERVISOR
from acrn_trace.diagnosis.case import USER, Case, VcpuState
from acrn_trace.diagnosis.kernel_ends import end_of
from acrn_trace.diagnosis.stack import NAMELESS, Code, Stacks
from acrn_trace.diagnosis.standing import Line, Place
from acrn_trace.guest.abi import MASK64, RFLAGS_IF
from acrn_trace.guest.snapshot import SnapshotVcpu

RING_3 = 3


class Places:
    """Names addresses by the image, as the guest has it; not at all by an image that is wrong."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._image = case.found.image if case.image_is_right else None
        self._code = self._image.code() if self._image else []

    def __call__(self, address: int) -> Place:
        linked = address - self._case.found.offset & MASK64
        symbol = self._image.symbol_at(linked) if self._image else None
        if symbol is None:
            return Place(address, None, self._line(address))
        name, behind = symbol[0], linked - symbol[1]
        return Place(address, f"{name}+{behind:#x}" if behind else name, self._line(address))

    def behind(self, address: int) -> Place:
        """An address where the instruction before it goes on, a call or HLT: named by that one, as
        other code, or none, may be at the address itself."""
        before = self(address - 1 & MASK64)
        name = before.symbol
        if name:
            function, _, offset = name.partition("+")
            name = f"{function}+{int(offset or '0', 16) + 1:#x}"
        return Place(address, name, before.line)

    def in_code(self, address: int) -> bool:
        """Whether the image has code there."""
        linked = address - self._case.found.offset & MASK64
        return any(code.address <= linked < code.end for code in self._code)

    def _line(self, address: int) -> Line | None:
        if not self.in_code(address):
            return None
        site = self._case.sites.get(address)
        if site and site.file and site.line:
            return site.file, site.line
        return self._case.line_of(address)


def states_of(case: Case, place_of: Places) -> list[VcpuState]:
    """Where every vCPU is."""
    vcpus = case.found.snapshot.vcpus
    stacks = [vcpu.registers["rsp"] for vcpu in vcpus if "rsp" in vcpu.registers]
    return [_state_of(case, vcpu, stacks, place_of) for vcpu in vcpus]


def _state_of(case: Case, vcpu: SnapshotVcpu, stacks: list[int], place_of: Places) -> VcpuState:
    registers, level = vcpu.registers, case.levels[vcpu.vcpu]
    in_ring_3 = registers.get("cs", 0) & RING_3 == RING_3
    where = USER if level.level == GUEST and in_ring_3 else level.level
    rip = registers.get("rip", 0)
    is_named = where in ((HYPERVISOR,) if case.image_is_hypervisors else (GUEST, USER))
    halted = level.is_halted and where != USER
    at = place_of.behind if halted else place_of  # RIP is behind the HLT that the vCPU stands in
    place = at(rip) if is_named else Place(rip)
    state = VcpuState(vcpu.vcpu, where, level.why, place, registers, level.memory)
    state.halted = halted
    state.interrupts = bool(registers.get("eflags", 0) & RFLAGS_IF)
    code = Code(place_of, place_of.behind, place_of.in_code) if is_named else NAMELESS
    if state.in_guest or is_named:
        found = Stacks(state.memory, stacks, code).parts(registers.get("rsp", 0))
        state.stack = list(found)
    state.end = end_of(state) if state.in_guest else None
    return state
