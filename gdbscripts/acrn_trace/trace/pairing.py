# SPDX-License-Identifier: BSD-3-Clause
"""Pairs the entry of each hypercall with its return.

A call is known by its site, RSP and CR3: two calls in flight can share two of them (a handler that
interrupted a call and makes one at the same site has another RSP; two processes may have the same
RSP) but not all three. The vCPU is no part of it, since a thread may migrate while in flight.
"""

from dataclasses import dataclass, replace
from typing import Callable, Iterator

from acrn_trace.guest.abi import GENERAL_REGISTERS, Abi
from acrn_trace.guest.site import Site
from acrn_trace.guest.stop import Stop
from acrn_trace.tables.calls import CallId

Key = tuple[int, int, int]


@dataclass
class Call:
    """One hypercall: where and with what it was entered and, once it is back, left."""

    seq: int
    site: Site
    entry: Stop
    exit: Stop | None = None
    repeats: int = 0
    repeats_unknown: int = 0
    doubtful_exit: Stop | None = None

    @property
    def key(self) -> Key:
        return _key(self.site, self.entry)

    @property
    def abi(self) -> Abi:
        return self.site.abi

    @property
    def number(self) -> int:
        return self.abi.number_in(self.entry.registers)

    @property
    def id(self) -> CallId:
        """Which call it is."""
        return self.abi.name, self.number


def _key(site: Site, stop: Stop) -> Key:
    return site.address, stop.rsp, stop.address_space


class Pairing:
    """The calls in flight.

    ``exception_frame_below(stop, site)`` tells whether memory just below the stop's RSP holds what
    an exception or interrupt at the site pushes: None if that memory cannot be read.
    """

    def __init__(self, exception_frame_below: Callable[[Stop, Site], bool | None]) -> None:
        self._frame_below = exception_frame_below
        self._in_flight: dict[Key, Call] = {}
        self._answered: dict[int, Key] = {}  # by vCPU, the call that never left the guest
        self._next_seq = 0

    def continued(self) -> "Pairing":
        """A pairing that knows the same calls in flight; each of the two goes its own way."""
        copy = Pairing(self._frame_below)
        copy._in_flight = {key: replace(call) for key, call in self._in_flight.items()}
        copy._answered, copy._next_seq = dict(self._answered), self._next_seq
        return copy

    def __iter__(self) -> Iterator[Call]:
        """The calls in flight, in entry order."""
        return iter(sorted(self._in_flight.values(), key=lambda call: call.seq))

    def enter(self, stop: Stop, site: Site) -> Call | None:
        """A new call, or None where this stop is one of a call that is in flight already."""
        self._answered.pop(stop.vcpu, None)
        known = self._in_flight.get(_key(site, stop))
        if known and _continues(known, stop):
            known.repeats += 1
            return None
        if known and _same_registers(known.entry, stop):
            self._fold(known, stop)
            return None
        call = Call(self._next_seq, site, stop)
        self._next_seq += 1
        self._in_flight[call.key] = call
        return call

    def in_flight_at(self, stop: Stop, site: Site) -> Call | None:
        """The call that an entry at ``stop`` would be, if it is in flight."""
        return self._in_flight.get(_key(site, stop))

    def superseded(self, stop: Stop, site: Site) -> Call | None:
        """Take out the call whose key an entry at ``stop`` is about to reuse with other registers.

        Its frame is entered anew, so it will not return (a handler abandoned it, or a reboot did).
        """
        known = self._in_flight.get(_key(site, stop))
        if not known or _continues(known, stop) or _same_registers(known.entry, stop):
            return None
        return self._in_flight.pop(known.key)

    def leave(self, stop: Stop, site: Site) -> Call | None:
        """The call that returned, or None: no call of ours, or not yet certain which.

        RSP may be what the hypervisor broke, so a stop that matches no RSP can still be a return of
        the vCPU's newest call at the site: at once when the number and all arguments still are in
        their registers, else when ``settle`` finds that nothing contradicted it.
        """
        call = self._in_flight.get(_key(site, stop))
        if call:
            return self._finish(call, stop)
        if self._answered.get(stop.vcpu) == _key(site, stop):
            return None
        call = self._newest_with_other_rsp(stop, site)
        if call and _unchanged(call.entry, stop, (call.abi.number, *call.abi.arguments)):
            return self._finish(call, stop)
        if call:
            call.doubtful_exit = stop
        return None

    def answer(self, call: Call, stop: Stop) -> None:
        """The call in flight was answered in the debugger, and ``stop`` is what it came back to.

        The guest may stop there once more before it goes on, which is no return of another call.
        """
        self._answered[stop.vcpu] = call.key
        self._finish(call, stop)

    def reenter(self, call: Call, entry: Stop) -> None:
        """The call in flight is made with the registers of ``entry`` instead of the guest's own."""
        del self._in_flight[call.key]
        call.entry = entry
        self._in_flight[call.key] = call

    def abandon(self, call: Call) -> None:
        """Take out a call that is known not to return."""
        self._finish(call, None)

    def settle(self, stop: Stop) -> list[Call]:
        """The calls whose doubtful return is proven by ``stop``, an entry on the same vCPU.

        A handler that merely jumped past the site runs below the call's frame; code at the call's
        own stack level, or above, runs only after the call came back.
        """
        proven = [
            call
            for call in self
            if call.doubtful_exit
            and call.entry.vcpu == stop.vcpu
            and call.entry.address_space == stop.address_space
            and stop.rsp >= call.entry.rsp
        ]
        return [self._finish(call, call.doubtful_exit) for call in proven]

    def end(self) -> list[Call]:
        """Every call in flight, none of which will be heard of again; doubtful returns count."""
        calls = list(self)
        for call in calls:
            call.exit = call.doubtful_exit
        self._in_flight.clear()
        return calls

    def _finish(self, call: Call, stop: Stop | None) -> Call:
        call.exit = stop
        del self._in_flight[call.key]
        return call

    def _newest_with_other_rsp(self, stop: Stop, site: Site) -> Call | None:
        candidates = [
            call
            for call in self
            if call.site.address == site.address
            and call.entry.vcpu == stop.vcpu
            and call.entry.address_space == stop.address_space
            and not call.doubtful_exit
        ]
        return candidates[-1] if candidates else None

    def _fold(self, call: Call, stop: Stop) -> None:
        """Count a second stop of one call.

        QEMU reports a stop twice now and then, and an interrupt may come before the instruction
        runs: either way it is one call. A fault whose handler retries looks the same except for the
        frame that it pushed, as an interrupt does too: with one there, nobody can tell which.
        """
        call.repeats += 1
        if self._frame_below(stop, call.site) is not False:
            call.repeats_unknown += 1


def _continues(call: Call, stop: Stop) -> bool:
    """Whether the hypervisor has the guest make the call again to go on with it.

    Its arguments may tell how far it has come, but not its number.
    """
    return call.abi.again and call.abi.number_in(stop.registers) == call.number


def _same_registers(first: Stop, second: Stop) -> bool:
    return _unchanged(first, second, GENERAL_REGISTERS)


def _unchanged(first: Stop, second: Stop, names: tuple[str, ...]) -> bool:
    return all(first.registers[name] == second.registers[name] for name in names)
