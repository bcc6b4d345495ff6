# SPDX-License-Identifier: BSD-3-Clause
"""Which instructions of a stretch of code control flow reaches, from where it is known to begin."""

from typing import Callable, Collection, Iterable

from acrn_trace.decoder import UNKNOWN, Decoder, Instruction
from acrn_trace.image import Code

LONGEST = 15
NEAR = 256  # a call this little ahead may jump over data that it takes the address of
MAX_PASSES = 16
MAX_RESTARTS = 64

_JUMPS = {"jmp", "bnd jmp", "notrack jmp", "ljmp"}
# What never goes on to the next instruction. UD2 does, in Linux's WARN, and HLT, when interrupted.
_ENDS = frozenset(
    _JUMPS
    | {"ret", "bnd ret", "rep ret", "repz ret", "retf", "retfq", "iret", "iretd", "iretq"}
    | {"sysret", "sysretq", "sysexit", "sysexitq", "int3", UNKNOWN}
)
_BRANCHES = frozenset(
    "ja jae jb jbe je jne jg jge jl jle jo jno jp jnp js jns jcxz jecxz jrcxz loop loope loopne "
    "call xbegin".split()
)
_STEERING = _ENDS | _BRANCHES | {f"bnd {name}" for name in _BRANCHES}


class Flow:
    """Control flow through ``code`` from address ``start`` to ``stop``.

    ``reached`` are the addresses of instructions that it reaches among those asked for; ``dead``
    the stretches that it does not, which may be data, or code that is entered otherwise.
    ``is_inside`` tells a call to a place in the same function, which no compiler makes: it jumps
    over data, to code that takes the data's address from the stack.
    """

    def __init__(
        self,
        decoder: Decoder,
        code: Code,
        start: int,
        stop: int,
        is_inside: Callable[[int], bool],
    ) -> None:
        self._decoder, self._code = decoder, code
        self._is_inside = is_inside
        self._start, self._stop = start, min(stop, code.end)
        self._targets: set[int] = set()
        self._sweeps: list[list[Instruction]] = [self._decode(start)]
        self._indirect = False
        self.reached: set[int] = set()
        self.dead: list[tuple[int, int]] = []

    def follow(self, wanted: Collection[int], anchors: Iterable[int] = ()) -> None:
        """Find which of ``wanted`` are reached from the start or from ``anchors``."""
        self._targets.update(anchors)
        for _ in range(MAX_PASSES):
            known = len(self._targets)
            late = False
            self.dead = []
            for index, sweep in enumerate(self._sweeps):
                late |= self._walk(sweep, wanted, index == 0)
            if not late and not self._restart():
                return
            if not late and len(self._targets) == known and len(self._sweeps) > MAX_RESTARTS:
                return

    @property
    def jumps_indirectly(self) -> bool:
        return self._indirect

    def is_dead(self, address: int) -> bool:
        return any(start <= address < end for start, end in self.dead)

    @property
    def instructions(self) -> list[Instruction]:
        return self._sweeps[0]

    def joins(self, address: int, is_function: Callable[[int], bool]) -> bool:
        """Whether the dead code around ``address`` is tied to the live code by its branches.

        All of it decodes, each branch goes to an instruction, and one of them to a live one: data
        does not do that.
        """
        region = next((r for r in self.dead if r[0] <= address < r[1]), (0, 0))
        run = [i for i in self.instructions if region[0] <= i[0] < region[1]]
        inner = {i[0] for i in run}
        live = {i[0] for i in self.instructions if not self.is_dead(i[0])}
        tied = False
        for _, _, mnemonic, operands in run:
            target = _target(operands) if mnemonic in _STEERING else None
            if mnemonic == UNKNOWN:
                return False
            if target is None:
                continue
            if target in live or (target not in inner and is_function(target)):
                tied = True
            elif target not in inner:
                return False
        return tied and address in inner

    def _decode(self, start: int) -> list[Instruction]:
        code = self._code
        data = code.data[start - code.address : self._stop - code.address + LONGEST]
        return self._decoder.decode(data, start)

    def _walk(self, sweep: list[Instruction], wanted: Collection[int], alive: bool) -> bool:
        """Follow one sweep; whether a branch led back to code that was taken for dead."""
        targets, late, died = self._targets, False, 0
        for address, size, mnemonic, operands in sweep:
            if not alive:
                if address not in targets:
                    continue
                alive = True
                if died:
                    self.dead.append((died, address))
            if address in wanted:
                self.reached.add(address)
            if mnemonic in _STEERING:
                target = _target(operands)
                if target is None:
                    self._indirect |= mnemonic in _JUMPS
                elif mnemonic != "call":
                    late |= self._branch(address, target)
                elif address < target < address + NEAR and self._is_inside(target):
                    self._branch(address, target)
                    alive, died = False, address + size
                if mnemonic in _ENDS:
                    alive, died = False, address + size
        if not alive and died:
            self.dead.append((died, self._stop))
        return late

    def _branch(self, address: int, target: int) -> bool:
        """Follow a branch; whether it leads back to code that was taken for dead."""
        if target in self._targets or not self._start <= target < self._stop:
            return False
        self._targets.add(target)
        return target <= address and self.is_dead(target)

    def _restart(self) -> bool:
        """Sweep again from targets that lie inside an instruction of the sweeps so far."""
        known = {instruction[0] for sweep in self._sweeps for instruction in sweep}
        missing = sorted(t for t in self._targets - known if self._start <= t < self._stop)
        if not missing or len(self._sweeps) > MAX_RESTARTS:
            return False
        self._sweeps.append(self._decode(missing[0]))
        return True


def _target(operands: str) -> int | None:
    """Where a direct branch goes; None for an indirect one."""
    if operands.startswith("0x"):
        try:
            return int(operands, 16)
        except ValueError:
            return None
    return None
