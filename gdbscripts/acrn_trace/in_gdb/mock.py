# SPDX-License-Identifier: BSD-3-Clause
"""Plays the hypervisor on the guest that GDB is attached to: a mock, its points, its interrupts."""

from pathlib import Path
from typing import Callable

import gdb

from acrn_trace.act.mock.cpuid import CPUID
from acrn_trace.act.mock.ioreq import request_bytes
from acrn_trace.act.mock.library import ANSWERED, NONE, UNANSWERED
from acrn_trace.act.mock.mock import Mock
from acrn_trace.act.mock.python import VECTORS
from acrn_trace.act.mock.switch import load_model, turn_off, turn_on
from acrn_trace.base.errors import TraceError
from acrn_trace.guest.memory import Unreadable
from acrn_trace.guest.pending_memory import PendingMemory
from acrn_trace.guest.stop import Stop
from acrn_trace.in_gdb import events
from acrn_trace.in_gdb.guest_memory import GuestPhysicalMemory, read_memory
from acrn_trace.in_gdb.hands import GuestHands
from acrn_trace.in_gdb.image import current_image, load_offset
from acrn_trace.in_gdb.points import AddressPoint
from acrn_trace.in_gdb.prompt import say
from acrn_trace.in_gdb.session import Session
from acrn_trace.in_gdb.stub import physical_mode
from acrn_trace.sites.scan import scanned_instructions
from acrn_trace.trace.intervener import Intervention, carry_out

MSI = 0xFEE00000  # to the local APIC 0: Intel SDM volume 3, 11.11.1
MAX_CPUIDS = 4096
NO_CPUID = (
    "{path} has no CPUID instruction, so the guest cannot find ACRN by one; its calls are answered "
    "all the same"
)
REQUEST_STATES = {
    NONE: "made no I/O request since it was created or reset",
    UNANSWERED: "was told to go on before its I/O request was complete",
}


class GdbMock:
    """The mock of this GDB, its place among the interveners, its points at CPUID instructions."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._points: list[AddressPoint] = []
        self._planted: tuple[str, int] | None = None
        self.notice: Callable[[str], None] = lambda text: say([text])
        self.mock = Mock(session.knowledge, GuestPhysicalMemory(), _cpl, raise_msi)
        events.symbols_moved.connect(self.follow_image)

    def turn_on(self, words: list[str]) -> None:
        self._tell(self.prepare(words))

    def _tell(self, line: str) -> None:
        """Say it here and in a trace; once, where the trace is here."""
        was_there = self.mock in self._session.interveners
        self.take_effect()
        if was_there or self.mock.is_empty:
            self._session.notice(line)
        trace = self._session.running()
        if not trace or not trace.shown.notices_here:
            say([line])

    def prepare(self, words: list[str]) -> str:
        """Mock what the words say as soon as ``take_effect`` says so."""
        self.mock.knowledge = self._session.knowledge
        return turn_on(self.mock, words)

    def load(self, path: Path) -> None:
        self.mock.knowledge = self._session.knowledge
        self._tell(load_model(self.mock, path))

    def turn_off(self, names: list[str]) -> None:
        turn_off(self.mock, names)
        self._session.notice(f"mocked no longer: {', '.join(names) or 'any call'}")
        if self.mock.is_empty:
            self._session.withdraw(self.mock)
        if not self.mock.cpuid:
            self._unplant()
        self._ask_again()

    def take_effect(self) -> None:
        """From now on the guest's calls are asked for, and its CPUIDs if it finds ACRN by them."""
        if self.mock not in self._session.interveners and not self.mock.is_empty:
            self._session.intervene(self.mock)
        if self.mock.cpuid:
            self._plant()
        self._ask_again()

    def follow_image(self) -> None:
        """GDB has the image elsewhere now, since a kernel has moved itself."""
        if self.mock.cpuid:
            self._plant()

    def _ask_again(self) -> None:
        """The guest may stand at a call whose model went wrong."""
        trace = self._session.active()
        if trace:
            trace.ask_again()

    def _plant(self) -> None:
        image = current_image()
        offset = load_offset(image)
        if self._planted == (image.path, offset):
            return
        self._unplant()
        found = sorted(scanned_instructions(image, CPUID, "CPUID"))
        if not found:
            self.notice(NO_CPUID.format(path=image.path))
        self._points = [
            AddressPoint(self._session.resumption, at + offset, self._at_cpuid)
            for at in found[:MAX_CPUIDS]
        ]
        self._planted = (image.path, offset)

    def _unplant(self) -> None:
        for point in self._points:
            point.delete()
        self._points, self._planted = [], None

    def _at_cpuid(self, stop: Stop) -> Intervention | None:
        """At each CPUID of the image's; those for leaves that are not ACRN's run as they are."""
        registers = self.mock.cpuid.registers(stop.registers) if self.mock.cpuid else None
        if registers is None or read_memory(stop.registers["rip"], len(CPUID)) != CPUID:
            return None
        return Intervention(registers)

    def request(self, words: list[str]) -> str:
        """Make a User VM's I/O request and its upcall, or tell what became of the last one."""
        acrn = self.mock.acrn
        if acrn is None:
            raise TraceError("only a played ACRN has User VMs; 'hypercall mock acrn' plays it")
        vm, vcpu = _numbers(words[:2])
        memory = PendingMemory(self.mock.memory)
        if len(words) == 2:
            state, answer = acrn.request(vm, vcpu, memory)
            line = f"vCPU {vcpu} of VM {vm} {_told(state, answer)}"
        else:
            request = request_bytes(words[2:], self.mock.knowledge.types)
            acrn.make_request(vm, vcpu, request, memory)
            line = f"vCPU {vcpu} of VM {vm} made an I/O request: vector {acrn.callback_vector:#x}"
        carry_out(Intervention(memory=memory.writes), GuestHands(self._session.resumption))
        if len(words) > 2:
            raise_msi(acrn.callback_vector)
        return line

    def upcall(self, words: list[str]) -> str:
        vector = _numbers(words)[0] if words else self.mock.callback_vector()
        raise_msi(vector)
        return f"vector {vector:#x} is raised on vCPU 0"


def _told(state: int, answer: int) -> str:
    if state == ANSWERED:
        return f"has the answer to its I/O request: {answer:#x}"
    return REQUEST_STATES.get(state, "waits for the answer to its I/O request")


def _numbers(words: list[str]) -> list[int]:
    try:
        return [int(word, 0) for word in words]
    except ValueError:
        raise TraceError(f"{' '.join(words)!r} is no number") from None


def raise_msi(vector: int) -> None:
    """Interrupt vCPU 0, as a device does: a write to where its local APIC takes messages."""
    if vector not in VECTORS:
        raise TraceError(f"vector {vector:#x} cannot be raised: vectors are 0x10 to 0xff")
    try:
        with physical_mode() as memory:
            raised = memory.write(MSI, vector.to_bytes(4, "little"))
    except Unreadable as why:
        raise TraceError(f"vector {vector:#x} cannot be raised: {why}") from None
    if not raised:
        raise TraceError(f"the stub could not raise vector {vector:#x} through the local APIC")


def _cpl() -> int:
    """The privilege level of the vCPU that is selected."""
    try:
        return int(gdb.newest_frame().read_register("cs")) & 3
    except (gdb.error, ValueError):
        return 0
