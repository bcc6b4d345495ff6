# SPDX-License-Identifier: BSD-3-Clause
"""Tells of each vCPU of a guest at rest whether it was in the guest or in the hypervisor below.

Nothing in a dump says so. What tells them apart is whether the image's code is mapped, byte for
byte, under the vCPU's own page tables.
"""

from dataclasses import dataclass

from acrn_trace.at_rest.image_match import ImageMatch
from acrn_trace.at_rest.ring_search import FoundRing
from acrn_trace.guest.abi import RFLAGS_IF
from acrn_trace.guest.memory import Unreadable
from acrn_trace.guest.paging import CR0_PG, Memory
from acrn_trace.guest.snapshot import SnapshotVcpu

GUEST, HYPERVISOR, FIRMWARE, UNKNOWN = "guest", "hypervisor", "firmware", "unknown"

_RPL = 3  # of CS: the privilege level
_HLT = b"\xf4"


@dataclass
class Level:
    """Where a vCPU was when it stopped, with the evidence as a sentence without its full stop.

    HYPERVISOR: its registers, RIP and CR3 among them, are then the hypervisor's.
    FIRMWARE: paging is off; it was not started yet.
    """

    vcpu: int
    level: str
    why: str
    is_halted: bool = False  # the instruction before RIP is HLT
    is_idle: bool = False  # halted with interrupts on: it waits for the next
    memory: Memory | None = None  # as its own page tables have it


def level_of(
    vcpu: SnapshotVcpu, memory: Memory | None, match: ImageMatch | None, image_is_elsewhere: str
) -> Level:
    """``match`` is of the image in ``memory``, the vCPU's own. ``image_is_elsewhere``:
    whose page tables map the image's code if not these; empty if none do."""
    number, registers = vcpu.vcpu, vcpu.registers
    cr3 = f"its CR3 ({registers.get('cr3', 0):#x})"
    if "cr3" not in registers:
        level = Level(number, UNKNOWN, "its CR3 is not known")
    elif not registers.get("cr0", CR0_PG) & CR0_PG:
        level = Level(number, FIRMWARE, "paging is off: it was not started, or is in the firmware")
    elif match and match.is_there:
        level = Level(number, GUEST, f"{cr3} maps the image's code, as the image has it")
    elif image_is_elsewhere and registers.get("cs", 0) & _RPL == 0:
        why = f"{cr3} does not map the image's code, which is found by {image_is_elsewhere}"
        level = Level(number, HYPERVISOR, why)
    else:
        level = Level(number, UNKNOWN, f"the image's code is not mapped under {cr3}")
    level.memory = memory
    level.is_halted = _is_halted(registers, memory)
    level.is_idle = level.is_halted and bool(registers.get("eflags", 0) & RFLAGS_IF)
    return level


def by_ring(level: Level, ring: FoundRing | None) -> None:
    """Tell it by whether the vCPU's page tables lead to the ring, where the image cannot."""
    if ring is None or not ring.is_mapped or level.memory is None:
        return
    try:
        there = level.memory.translate(ring.virtual)
    except Unreadable:
        there = None
    level.level = GUEST if there == ring.physical else HYPERVISOR
    leads = "lead" if there == ring.physical else "do not lead"
    level.why = f"its page tables {leads} to the ring, as those in the ring's header do"


def _is_halted(registers: dict[str, int], memory: Memory | None) -> bool:
    try:
        return memory is not None and memory.read(registers["rip"] - 1, 1) == _HLT
    except (KeyError, Unreadable):
        return False
