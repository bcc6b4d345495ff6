# SPDX-License-Identifier: BSD-3-Clause
"""Holds a guest stopped at a breakpoint of ours: plain integers, no debugger in sight."""

from dataclasses import dataclass
from typing import Mapping

# CR3 bits that do not name an address space: the PCID (11:0), which Linux deals out per CPU, and
# the no-flush bit (63). Intel SDM volume 3, 4.5 and 4.10.4.1.
CR3_ADDRESS = 0x7FFF_FFFF_FFFF_F000


@dataclass(frozen=True)
class Frame:
    """One level of the guest's call stack; an inlined function has a level of its own.

    ``address`` is where it goes on, which is all that is known of code without symbols.
    """

    function: str | None
    file: str | None
    line: int | None
    address: int | None = None  # None in traces of before it was kept

    @property
    def is_nameless(self) -> bool:
        return self.function is None and self.file is None

    def __str__(self) -> str:
        """``create_vm (service.c:42)``, or what of that is known."""
        address = None if self.address is None else hex(self.address)
        if self.is_nameless:
            return address or "?"
        place = f"{self.file}:{self.line or '?'}" if self.file else address or "?"
        return f"{self.function or '?'} ({place})"

    def as_json(self) -> dict[str, object]:
        address = None if self.address is None else hex(self.address)
        return {
            "function": self.function,
            "file": self.file,
            "line": self.line,
            "address": address,
        }


def outermost_cut(frames: list[Frame]) -> tuple[Frame, ...]:
    """``frames``, innermost first, without what the unwinder made of the stack's end.

    A return address of 0 is how the first code of an image marks it. Behind the last name the
    unwinder goes on by guesses, of which one is kept; of a stripped image there is the site alone.
    """
    kept = list(frames)
    while len(kept) > 1 and kept[-1].address == 0:
        kept.pop()
    named = [index for index, frame in enumerate(kept) if not frame.is_nameless]
    return tuple(kept[: named[-1] + 2] if named else kept[:1])


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
