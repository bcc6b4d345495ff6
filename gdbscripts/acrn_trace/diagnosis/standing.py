# SPDX-License-Identifier: BSD-3-Clause
"""Names where a vCPU stands and how it came there: places, stacks, ends; plain data."""

from dataclasses import dataclass

NEAREST = 5

Line = tuple[str, int]


@dataclass(frozen=True)
class Place:
    """An address by its name: ``panic+0x2d``, and the line where it is known."""

    address: int
    symbol: str | None = None
    line: Line | None = None

    def __str__(self) -> str:
        name = self.symbol or f"{self.address:#x}"
        return f"{name} ({self.line[0].rsplit('/', 1)[-1]}:{self.line[1]})" if self.line else name


@dataclass(frozen=True)
class Interrupted:
    """What an exception, interrupt or system call of a vCPU left on its stack, at the virtual
    address ``at``.

    ``saved`` are the words below it, where a handler keeps the registers; ``code`` is what is at
    ``rip``.
    """

    at: int
    rip: int
    cs: int
    rsp: int
    place: Place
    code: bytes
    saved: tuple[int, ...] = ()
    is_system_call: bool = False  # the instruction before ``rip`` makes one

    def __str__(self) -> str:
        """A clause: ``an exception or interrupt came in ring 3 at 0x401000``."""
        what = "a system call" if self.is_system_call else "an exception or interrupt"
        return f"{what} came{' in ring 3' if self.ring else ''} at {self.place}"

    @property
    def ring(self) -> int:
        """The privilege level that was interrupted. Where it is 3, the frame is where the kernel
        was entered: the end of its stack, and hardly ever the fault."""
        return self.cs & 3


@dataclass(frozen=True)
class StackPart:
    """A stretch of a stack. ``callers``: what may be returned to, innermost first, a guess.

    ``frame``: what it ends at. None: a switch to the stack of the next part, or nothing known.
    """

    callers: tuple[Place, ...] = ()
    frame: Interrupted | None = None

    @property
    def nearest(self) -> tuple[Place, ...]:
        """The callers that are shown: the farther out, the more of them are of old calls."""
        return self.callers[:NEAREST]


@dataclass(frozen=True)
class End:
    """How a vCPU ended: ``how`` is one of kernel_ends.ENDS, ``trail`` is the function that tells
    and who called it, a guess."""

    how: str
    trail: tuple[Place, ...]
    is_there: bool  # RIP is in that function


@dataclass(frozen=True)
class Oops:
    """The first oops of a Linux, by what that keeps of it."""

    frame: Interrupted  # as saved in exec_summary_regs
    what: str  # ``'ud2' at do_work+0x12``
    number: int  # in the register of one: where it was a call, the call's
    count: int | None  # of all oopses; None: not known
    vcpu: int | None  # None: which it was on is not known
