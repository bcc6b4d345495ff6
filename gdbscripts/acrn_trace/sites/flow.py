# SPDX-License-Identifier: BSD-3-Clause
"""Follows control flow through a stretch of code, from where it is known to begin."""

from typing import Callable, Collection, Iterable

from acrn_trace.image.image import Code
from acrn_trace.sites.decoder import Decoder, Instruction
from acrn_trace.sites.outline import ENDS, JUMPS, STEERING, UNKNOWN, Outline, target_of

LONGEST = 15
NEAR = 256  # a call this little ahead may jump over data that it takes the address of
MAX_PASSES = 16
MAX_RESTARTS = 64
NEVER = 1 << 65

# What compilers do not make, and random bytes often are.
_NOT_COMPILED = frozenset(
    "loop loope loopne jcxz jecxz jrcxz enter xlatb in out insb insd outsb outsd lahf sahf icebp "
    "int1 cmc salc fwait wait retf retfq ljmp lcall iretd".split()
)


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
        self._sweeps = [self._outline(start)]
        self._indirect = False
        self.reached: set[int] = set()
        self.dead: list[tuple[int, int]] = []

    def follow(self, wanted: Collection[int], anchors: Iterable[int] = ()) -> None:
        """Find which of ``wanted`` are reached from the start or from ``anchors``."""
        self._targets.update(anchors)
        for _ in range(MAX_PASSES):
            known, late = len(self._targets), False
            self.dead = []
            for index, sweep in enumerate(self._sweeps):
                late |= self._walk(sweep, wanted, index == 0)
            late |= len(self._sweeps) > 1 and len(self._targets) > known
            if not late and not self._restart():
                return

    @property
    def jumps_indirectly(self) -> bool:
        return self._indirect

    def is_dead(self, address: int) -> bool:
        return any(start <= address < end for start, end in self.dead)

    def is_unclear(self, address: int) -> bool:
        """Whether ``address`` is in dead code, or in an instruction of which we know the length."""
        guessed = any(s < address < e for sweep in self._sweeps for s, e in sweep.guessed)
        return guessed or self.is_dead(address)

    def instructions(self) -> list[Instruction]:
        """Everything from the start on in a straight line."""
        return self._decoder.decode(self._bytes(self._start), self._start)

    def extend(self, stop: int) -> None:
        """Look further than before: up to ``stop``."""
        known = self._sweeps[0]
        begin = max((a for a in known.starts if a < self._stop), default=self._start)
        self._stop = min(stop, self._code.end)
        more = self._outline(begin)
        self._sweeps[0] = known.resumed(begin, more)

    def joins(self, address: int, is_function: Callable[[int], bool]) -> bool:
        """Whether the dead code around ``address`` is tied to the live code by its branches.

        All of it decodes, each branch goes to an instruction, and one of them to a live one: data
        does not do that.
        """
        run, live = self._around(address)
        inner, live_starts = {i[0] for i in run}, {i[0] for i in live}
        tied = False
        for _, size, mnemonic, operands in run:
            target = target_of(operands) if mnemonic.split(" ")[-1] in STEERING else None
            if mnemonic in _NOT_COMPILED or (mnemonic == UNKNOWN and size == 1):
                return False
            if target is None:
                continue
            if target in live_starts or (target not in inner and is_function(target)):
                tied = True
            elif target not in inner:
                return False
        return tied and address in inner

    def is_behind_asm_goto(self, address: int) -> bool:
        """Whether the dead code around ``address`` is a block as asm goto has them: live code has a
        NOP that a jump has room in, and the block ends by itself, where nothing jumps over it."""
        run, live = self._around(address)
        while run and (run[-1][2] == "nop" or run[-1][0] >= self._stop):
            run.pop()
        if not run or run[-1][2] not in ENDS or any(i[2] == UNKNOWN for i in run):
            return False
        before = next((i for i in live if i[0] + i[1] == run[0][0]), (0, 0, "", ""))
        over = target_of(before[3])
        is_jumped_over = over is not None and over >= sum(run[-1][:2])
        has_nop = any(i[2] == "nop" and i[1] > 1 and i[0] < self._stop for i in live)
        return has_nop and not is_jumped_over and address in {i[0] for i in run}

    def _around(self, address: int) -> tuple[list[Instruction], list[Instruction]]:
        """The dead instructions of the stretch around ``address``, and all live ones."""
        region = next((r for r in self.dead if r[0] <= address < r[1]), (0, 0))
        instructions = self.instructions()
        run = [i for i in instructions if region[0] <= i[0] < region[1]]
        return run, [i for i in instructions if not self.is_dead(i[0])]

    def _bytes(self, start: int) -> bytes:
        base = self._code.address
        return self._code.data[start - base : self._stop - base + LONGEST]

    def _outline(self, start: int) -> Outline:
        return self._decoder.outline(self._bytes(start), start)

    def _walk(self, sweep: Outline, wanted: Collection[int], alive: bool) -> bool:
        """Follow one sweep; whether a branch led back to code that was taken for dead."""
        late, begin, is_main = False, self._start, alive
        revival = begin if alive else self._first_target(sweep, begin)
        for address, size, mnemonic, operands in (*sweep.steering, (self._stop, 0, UNKNOWN, "")):
            if address < revival:
                continue
            if not alive:
                if is_main:
                    self.dead.append((begin, revival))
                begin, alive = revival, True
            target = target_of(operands)
            inside = (
                mnemonic == "call" and target is not None and self._is_over_data(address, target)
            )
            if target is None:
                self._indirect |= mnemonic in JUMPS
            elif mnemonic != "call" or inside:
                late |= self._branch(address, target)
            if mnemonic in ENDS or inside:
                self._reach(sweep, wanted, begin, address)
                begin, alive = address + size, False
                revival = self._first_target(sweep, begin)
        if is_main and begin < self._stop:
            self.dead.append((begin, self._stop))
        return late

    def _first_target(self, sweep: Outline, begin: int) -> int:
        """Where dead code that begins at ``begin`` ends; never, but for branches known so far."""
        later = {target for target in self._targets if target >= begin}
        while later:
            first = min(later)
            if sweep.begins_at(first):
                return first
            later.remove(first)
        return NEVER

    def _reach(self, sweep: Outline, wanted: Collection[int], begin: int, end: int) -> None:
        self.reached.update(a for a in wanted if begin <= a <= end and sweep.begins_at(a))

    def _is_over_data(self, address: int, target: int) -> bool:
        return address < target < address + NEAR and self._is_inside(target)

    def _branch(self, address: int, target: int) -> bool:
        """Follow a branch; whether it leads back to code that was taken for dead."""
        if target in self._targets or not self._start <= target < self._stop:
            return False
        self._targets.add(target)
        return target <= address and self.is_dead(target)

    def _restart(self) -> bool:
        """Sweep again from targets that lie inside an instruction of the sweeps so far."""
        missing = self._targets
        for sweep in self._sweeps:
            missing = {target for target in missing if not sweep.begins_at(target)}
        missing = sorted(t for t in missing if self._start <= t < self._stop)
        if not missing or len(self._sweeps) > MAX_RESTARTS:
            return False
        self._sweeps.append(self._outline(missing[0]))
        return True
