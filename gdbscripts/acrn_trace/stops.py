# SPDX-License-Identifier: BSD-3-Clause
"""The guest, stopped at a breakpoint of ours: plain integers, no debugger in sight."""

from dataclasses import dataclass
from typing import Mapping

# CR3 bits that do not name an address space: the PCID (11:0), which Linux deals out per CPU, and
# the no-flush bit (63). Intel SDM volume 3, 4.5 and 4.10.4.1.
CR3_ADDRESS = 0x7FFF_FFFF_FFFF_F000


@dataclass(frozen=True)
class Frame:
    """One level of the guest's call stack; an inlined function has a level of its own."""

    function: str | None
    file: str | None
    line: int | None


@dataclass(frozen=True)
class Task:
    """The task of the guest's kernel that a vCPU runs. ``tgid`` is what programs call their pid."""

    comm: str
    pid: int
    tgid: int

    def __str__(self) -> str:
        return f"{self.comm}[{self.pid}]"


@dataclass(frozen=True)
class Stop:
    """One stop of one vCPU. Registers are unsigned 64-bit integers by lower-case name."""

    vcpu: int
    time: float  # host, seconds since the epoch
    registers: Mapping[str, int]
    stack: tuple[Frame, ...] = ()  # innermost first, where it was asked for
    task: Task | None = None  # where the guest's kernel is one that is known

    @property
    def rsp(self) -> int:
        return self.registers["rsp"]

    @property
    def address_space(self) -> int:
        """CR3 without what is not an address; 0 from a stub that does not tell."""
        return self.registers.get("cr3", 0) & CR3_ADDRESS
