# SPDX-License-Identifier: BSD-3-Clause
"""Plants points, a class a kind: breakpoints of ours, and what a hit of each does.

None of them is in GDB's list, and no other breakpoint is called a point. A ``stop`` method
must not change any breakpoint, run a command, or raise.
"""

from typing import Callable

import gdb

from acrn_trace.base.errors import TraceError
from acrn_trace.guest.stop import Stop
from acrn_trace.in_gdb.guard import uninterrupted
from acrn_trace.in_gdb.hands import GuestHands
from acrn_trace.in_gdb.resume import DEFERRED, Resumption, say_failure
from acrn_trace.in_gdb.stub import breakpoint_kind
from acrn_trace.in_gdb.vcpu import read_stop
from acrn_trace.trace.intervener import Intervention, carry_out


class Point(gdb.Breakpoint):
    """An invisible breakpoint of GDB's; each kind says in ``stop`` whether the guest is to stop."""

    def __init__(self, address: int, kind: int | None = None) -> None:
        kind = breakpoint_kind() if kind is None else kind
        super().__init__(f"*{address:#x}", kind, internal=True)
        self.silent = True
        self.address = address


class ReachedPoint(Point):
    """Stops the guest where ``is_there`` says so at a hit, and knows that it was ``reached``."""

    def __init__(self, address: int, is_there: Callable[[], bool]) -> None:
        super().__init__(address)
        self._is_there = is_there
        self.reached = False

    def stop(self) -> bool:
        self.reached = self.reached or self._is_there()
        return self.reached


class DeferredPoint(Point):
    """``look`` may read; what it returns is done once GDB has stopped, and the guest goes on."""

    def __init__(
        self,
        resumption: Resumption,
        address: int,
        look: Callable[[], Callable[[], None] | None],
    ) -> None:
        super().__init__(address)
        self.commands = DEFERRED
        self._resumption, self._look = resumption, look

    def stop(self) -> bool:
        self._resumption.free_stepped()
        return any(uninterrupted(self._decide))

    def _decide(self) -> bool:
        try:
            action = self._look()
        except (TraceError, gdb.error) as error:
            say_failure(error)
            return False
        if action:
            self._resumption.deferred.append(action)
        return action is not None


class HypercallPoint:
    """One that may change the guest; it stops it for the user only if ``on_hit`` says so.

    Where another point at the address has moved the vCPU away, ``on_hit`` is to see that by RIP.
    """

    of_hand_calls = False  # whether a call made by hand is its business, too

    def __init__(self, resumption: Resumption, address: int, on_hit: Callable[[], bool]) -> None:
        self.address = address
        self.on_hit = on_hit
        self._resumption = resumption
        self._kind = breakpoint_kind()
        self._plant()
        resumption.points.setdefault(address, []).append(self)

    def _plant(self) -> None:
        self.born = self._resumption.users.latest
        self.planted = _Planted(self, self._kind)
        self.set_commands(self._resumption.commands)

    def plant_anew(self) -> None:
        """Behind all of the user's breakpoints; not while GDB handles a stop."""
        former = self.planted
        self._plant()
        former.delete()

    def set_commands(self, text: str) -> None:
        self.planted.commands = text

    def stop(self) -> bool:
        """Whether GDB is to stop."""
        self._resumption.close_passage()
        if self._resumption.held:
            return False
        stops = self._resumption.acts(self.on_hit)
        self.planted.silent = self._resumption.hides_stop
        return stops or self._resumption.resumes

    def delete(self) -> None:
        self._resumption.points[self.address].remove(self)
        self.planted.delete()


class _Planted(Point):
    """GDB's part of one that is planted anew."""

    def __init__(self, point: HypercallPoint, kind: int) -> None:
        super().__init__(point.address, kind)
        self._point = point

    def stop(self) -> bool:
        return self._point.stop()


class HypervisorPoint(HypercallPoint):
    """One in the hypervisor: changes nothing, and counts for calls made by hand as well."""

    of_hand_calls = True

    def stop(self) -> bool:
        self._resumption.free_stepped()
        return self.on_hit()


class AddressPoint(HypercallPoint):
    """One whose intervention is decided by the stop alone: ``decide`` is called at each hit."""

    def __init__(
        self, resumption: Resumption, address: int, decide: Callable[[Stop], Intervention | None]
    ) -> None:
        self._decide = decide
        self._hands = GuestHands(resumption)
        super().__init__(resumption, address, lambda: any(uninterrupted(self._guarded)))

    def _guarded(self) -> bool:
        """Whether to stop the guest: for the user, or since it cannot be carried out."""
        try:
            return self._intervene()
        except (TraceError, gdb.error) as error:
            say_failure(error, f"at {self.address:#x}: ")
            return True

    def _intervene(self) -> bool:
        stop = read_stop()
        if stop.registers["rip"] != self.address:
            return False
        intervention = self._decide(stop)
        if intervention is None:
            return False
        carry_out(intervention, self._hands)
        self._hands.hold(intervention.delay)
        if intervention.after:
            intervention.after()
        if intervention.stop:
            self._resumption.reasons.append(intervention.stop)
        return intervention.stop is not None
