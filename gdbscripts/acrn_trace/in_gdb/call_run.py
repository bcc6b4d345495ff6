# SPDX-License-Identifier: BSD-3-Clause
"""Makes one call by hand, from the registers that it needs to the stop as it was before.

The guest runs from VMCALL to the instruction behind it, with the other vCPUs held and interrupts
off, and GDB does not see it. Where it comes to a breakpoint of the user's, it runs on under GDB,
which then stops it there. In that case it runs once more, with its registers put back, into a
breakpoint where it had stopped, for no instruction at all: GDB steps over a breakpoint only where
it saw the guest stop last.
"""

import signal
import time
from itertools import chain

import gdb

from acrn_trace.act.call.plan import Plan
from acrn_trace.base.errors import TargetError, TraceError
from acrn_trace.base.text import printable
from acrn_trace.guest.abi import MASK64
from acrn_trace.guest.site import StopAddress
from acrn_trace.guest.stop import Stop
from acrn_trace.in_gdb.call_place import Place, physical
from acrn_trace.in_gdb.call_state import (
    RFLAGS_IF,
    RFLAGS_TF,
    KeptStop,
    boot_at,
    breakpoints_at,
    breakpoints_of_others,
    run_on,
    write_registers,
)
from acrn_trace.in_gdb.guest_memory import GuestPhysicalMemory
from acrn_trace.in_gdb.image import current_image, load_offset
from acrn_trace.in_gdb.points import ReachedPoint
from acrn_trace.in_gdb.registers import read_register
from acrn_trace.in_gdb.resume import Resumption
from acrn_trace.in_gdb.run_unseen import Outcome, run_unseen
from acrn_trace.in_gdb.vcpu import read_stop
from acrn_trace.trace.sink import Sink
from acrn_trace.trace.tracer import Tracer

CHANGED = "!! the hypervisor changed {name} during {call}: {old} => {new}; it is put back"
WAITS = (
    "{call} is not back: vCPU {vcpu} is at {rip:#x}, not in the guest, so that its registers "
    "cannot be put back yet. 'continue' lets it go on; when it returns they will be. The other "
    "vCPUs are no longer held."
)
GAVE_UP = (
    "{call} did not return: vCPU {vcpu} was in the guest, at {rip:#x}. Its registers and the page "
    "for the call are put back; what the guest's own code wrote meanwhile is not."
)
IS_BACK = "{call} is back, and its vCPU's registers are as they were before it."


class HandCall:
    """A call on its way; ``over`` once nothing of it is left to be put back."""

    def __init__(
        self,
        plan: Plan,
        place: Place,
        parts: list[tuple[int, bytes]],
        resumption: Resumption,
        tracer: Tracer,
        sink: Sink,
    ) -> None:
        """``parts`` of the page that the guest reserves: offset and bytes. ``sink`` is shown it."""
        self.plan = plan
        self._resumption = resumption
        self._tracer, self._sink = tracer, sink
        tracer.dispatcher.beside.append(sink)
        self.over = False
        self._waiting = False
        self._place = place
        self._parts = parts
        self._memory = GuestPhysicalMemory()
        self._kept = KeptStop()
        self._vcpu = gdb.selected_thread().ptid[1] - 1
        self._replaced: list[tuple[int, bytes]] = []
        self._disabled: list[gdb.Breakpoint] = []
        self._boots: list[ReachedPoint] = []
        self._back: ReachedPoint | None = None
        self._seen = False  # GDB saw it run

    def make(self) -> None:
        """Make it: the guest is as before afterwards, or else that is said."""
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._enter()
            if read_register("rip") == self._place.site.return_address:
                self._put_back(returned=True)  # answered in the debugger
            else:
                self._run()
                self._after_run()
        except TargetError as error:
            self.lost()
            raise TargetError(f"{self.plan.name} did not return: {error}") from None
        except BaseException:
            self._put_back()
            raise
        finally:
            self._kept.release_other_vcpus()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

    def lost(self) -> None:
        """The guest is gone, and nothing of it can be put back."""
        if not self.over:
            self._tell_gave_up()
            self._let_go()

    def _enter(self) -> None:
        if self._place.scratch is not None:
            for offset, data in self._parts:
                self._patch(self._place.scratch + offset, data)
            if self._place.code:
                self._patch(self._place.site.address, self._place.code)
        self._plant()
        entry = self._entry()
        write_registers({name: entry.registers[name] for name in self._kept.registers})
        self._resumption.held = True
        self._tracer.on_stop(entry, StopAddress(self._place.site.address, enters=self._place.site))
        answering = self._tracer.answering
        if answering.waits:  # one that is caught is answered when it goes on, which is now
            answering.before_going_on(read_stop())
        if answering.asks_again:  # a model that went wrong; the guest is not left at this call
            why = answering.reasons[0].splitlines()[0]
            self._tell_gave_up()
            raise TraceError(f"{self.plan.name} was not made: {why}")
        self._resumption.moved = False

    def _patch(self, address: int, data: bytes) -> None:
        """By guest-physical addresses: GDB 14 and newer take any vCPU's tables for virtual ones."""
        place = physical(address)
        self._replaced.append((place, self._memory.read(place, len(data))))
        self._memory.write(place, data)

    def _entry(self) -> Stop:
        """The stop at the site, as it will be."""
        abi = self._place.site.abi
        registers = {**self._kept.registers, "cr3": self._kept.cr3, abi.number: self.plan.number}
        registers.update(zip(abi.arguments, self.plan.arguments))
        registers["rip"] = self._place.site.address
        registers["eflags"] &= ~(RFLAGS_IF | RFLAGS_TF) & MASK64
        return Stop(self._vcpu, time.time(), registers)

    def _plant(self) -> None:
        site = self._place.site
        here = self._kept.registers["rip"]
        # GDB takes a stop behind a software breakpoint for one at it (stub.breakpoint_kind).
        mine = (site.address, site.return_address, here, here - 1)
        self._disabled = breakpoints_at(mine)
        for breakpoint in self._disabled:
            breakpoint.enabled = False
        self._back = self._kept.point_at(site.return_address)
        image = current_image()
        entries = image.entry_points(load_offset(image))
        self._boots = [boot_at(*entry) for entry in entries.items()]

    def _run(self) -> None:
        """Until the call is back, or else until something stops the guest."""
        points = list(chain(*self._resumption.points.values()))
        own = [self._back, *self._boots]
        others = breakpoints_of_others([*own, *(point.planted for point in points)])
        ours: dict[int, list] = {}
        for point in [*own, *(point for point in points if point.of_hand_calls)]:
            ours.setdefault(point.address, []).append(point)
        if others is None or not self._run_unseen(ours, others):
            self._seen = True
            self._kept.hold_other_vcpus()
            run_on()

    def _run_unseen(self, ours: dict[int, list], others: set[int]) -> bool:
        """Whether it has come to the end of its run; if not, GDB has to see what comes."""
        while True:
            outcome = run_unseen({*ours, *others})
            if outcome is Outcome.INTERRUPTED:
                return True
            rip = read_register("rip")
            if outcome is Outcome.IMPOSSIBLE or rip in others or rip not in ours:
                return False
            if any([point.stop() for point in ours[rip]]):
                return True

    def _after_run(self) -> None:
        if self._back.reached:
            self._returned()
            self._put_back(returned=True)
        elif any(boot.reached for boot in self._boots):
            raise TargetError("the guest was reset, and begins anew")
        elif self._place.is_here():
            self._give_up()
        else:
            self._wait()

    def _returned(self) -> None:
        site = self._place.site
        self._tracer.on_stop(read_stop(), StopAddress(site.return_address, returns_from=site))

    def _give_up(self) -> None:
        """It stopped in the guest's own code, where the vCPU's registers are the guest's."""
        text = GAVE_UP.format(call=self.plan.name, vcpu=self._vcpu, rip=read_register("rip"))
        self._tell_gave_up()
        self._put_back()
        _say(text)

    def _tell_gave_up(self) -> None:
        self._tracer.give_up(self._place.site)

    def _wait(self) -> None:
        """It stopped in the hypervisor, whose registers are not ours to write."""
        self._enable()
        self._resumption.held = False
        rip = read_register("rip")
        _say(WAITS.format(call=self.plan.name, vcpu=self._vcpu, rip=rip))
        self._waiting = True
        gdb.events.stop.connect(self._on_later_stop)

    def _on_later_stop(self, _event: gdb.StopEvent) -> None:
        if self.over or not self._back.reached:
            return
        self._kept.follow()
        self._returned()
        self._seen = False  # by GDB as a run that ends here
        self._put_back(returned=True)
        _say(IS_BACK.format(call=self.plan.name))

    def _put_back(self, returned: bool = False) -> None:
        try:
            changed = self._kept.put_back_others()
            if returned:
                self._show_changed(changed)
            for address, data in reversed(self._replaced):
                self._memory.write(address, data)
            self._kept.put_back(interrupts=False)
            if self._seen:
                self._stop_where_it_was()
            self._kept.put_back()
            self._kept.select()
        finally:
            self._let_go()

    def _show_changed(self, changed: dict[str, tuple[str, str]]) -> None:
        for name, (old, new) in changed.items():
            text = CHANGED.format(name=name, call=self.plan.name, old=old, new=new)
            _say(text)

    def _stop_where_it_was(self) -> None:
        point = self._kept.point_at(self._kept.registers["rip"])
        try:
            self._kept.hold_other_vcpus()
            self._resumption.held = True
            run_on()
        finally:
            point.delete()

    def _let_go(self) -> None:
        """Let go of what the call has in GDB."""
        if self.over:
            return
        self.over = True
        self._resumption.held = False
        self._tracer.dispatcher.beside.remove(self._sink)
        for point in [self._back, *self._boots]:
            if point:
                point.delete()
        self._enable()
        if self._waiting:
            self._waiting = False
            gdb.events.stop.disconnect(self._on_later_stop)

    def _enable(self) -> None:
        for breakpoint in self._disabled:
            if breakpoint.is_valid():
                breakpoint.enabled = True
        self._disabled = []


def _say(text: str) -> None:
    gdb.write(printable(text) + "\n")
    gdb.flush()
