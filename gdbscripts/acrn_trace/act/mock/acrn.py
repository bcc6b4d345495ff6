# SPDX-License-Identifier: BSD-3-Clause
"""Plays ACRN by its model: the machine of its settings, its calls, its CPUID, I/O requests."""

from dataclasses import replace
from typing import Mapping

from acrn_trace.act.mock import library
from acrn_trace.act.mock.cpuid import AcrnCpuid
from acrn_trace.act.mock.library import AcrnModel, Machine, PciDevice, Vmcall
from acrn_trace.act.mock.settings import ORDERS, SEVERITIES, STATES, Settings, usual_pci
from acrn_trace.base.errors import TraceError
from acrn_trace.guest.abi import abi_named
from acrn_trace.guest.pending_memory import PendingMemory
from acrn_trace.tables.errnos import errno_name
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.trace.checks import LOST
from acrn_trace.trace.event import STALE, Reason

SERVICE_VM = 0


def machine_of(settings: Settings) -> Machine:
    """``struct acrn_machine`` for the settings."""
    machine = library.default_machine()
    machine.cpus, machine.max_vcpus = settings.cpus, settings.vcpus
    machine.service_vm, machine.vms = SERVICE_VM, settings.vms
    _set_slots(machine, settings)
    machine.trusty_vms, machine.memory_end = settings.trusty, settings.memory
    machine.holes = len(settings.hypervisor)
    for hole, (start, end) in zip(machine.hole, settings.hypervisor):
        hole.start, hole.end = start, end
    first = settings.hypervisor[0] if settings.hypervisor else (0, 0)
    machine.hypervisor.start, machine.hypervisor.end = first
    devices = usual_pci() if settings.pci is None else settings.pci
    machine.pci_devices = len(devices) + 1
    machine.pci[0] = PciDevice(0, True)
    for index, bdf in enumerate(devices, 1):
        machine.pci[index] = PciDevice(bdf, False)
    machine.physical_pins, machine.cstates = settings.pins, settings.cstates
    machine.debug_build = settings.debug
    return machine


def _set_slots(machine: Machine, settings: Settings) -> None:
    everyone = (1 << settings.cpus) - 1
    free, static = machine.vm[2].flags, machine.vm[1].flags
    for number, slot in enumerate(machine.vm):
        wanted = settings.slots.get(number)
        slot.name = wanted.name.encode() if wanted else b""
        slot.flags = free | (wanted.flags if wanted else 0)
        slot.load_order, slot.severity, slot.cpu_affinity = 2, 0, 0
        if wanted and wanted.name:
            slot.flags |= static
            slot.load_order = ORDERS.index(wanted.order)
            slot.severity = SEVERITIES[wanted.severity]
            slot.cpu_affinity = (wanted.cpus or everyone) & everyone


class PlayedAcrn:
    """One ACRN that is played, from its boot on."""

    def __init__(self, settings: Settings, knowledge: Knowledge) -> None:
        self._settings, self._knowledge = settings, knowledge
        self.abi = abi_named("acrn")
        self.machine = machine_of(settings)
        self._model = AcrnModel(self.machine)
        self.answered = 0  # calls
        release = settings.version or knowledge.named or knowledge.releases.newest
        self._numbers = _numbers(knowledge, release)
        self._loses_errors = knowledge.releases.can_lose_errors(release)
        self.cpuid = AcrnCpuid(settings.tsc_khz) if settings.tsc_khz else AcrnCpuid()
        for number, state in self.first_states.items():
            self._model.set_vm_state(number, state)

    @property
    def first_states(self) -> dict[int, int]:
        """Of VMs, by number, which are in another state than ACRN boots them in."""
        slots = self._settings.slots.items()
        return {
            number: STATES[slot.state]
            for number, slot in slots
            if slot.order == "post" and slot.state != "off"
        }

    @property
    def is_newest(self) -> bool:
        """Whether its calls, numbers and errors are those of the newest ACRN, as the model's."""
        return not self._numbers and not self._loses_errors

    @property
    def summary(self) -> str:
        """``ACRN is played``, and the settings that the user made."""
        text = self._settings.text
        return f"ACRN is played ({text})" if text else "ACRN is played"

    def rebooted(self) -> "PlayedAcrn":
        """The same ACRN, booted anew."""
        settings = replace(self._settings, tsc_khz=self.cpuid.tsc_khz)
        return PlayedAcrn(settings, self._knowledge)

    def vmcall(
        self, vcpu: int, cpl: int, registers: Mapping[str, int], memory: PendingMemory
    ) -> library.Answer:
        """The answer to a VMCALL of the Service VM, made with ``registers``."""
        number = self._number(self.abi.number_in(registers))
        call = Vmcall(SERVICE_VM, vcpu, cpl, number, self.abi.arguments_in(registers))
        answer = self._model.vmcall(call, memory)
        self.answered += 1
        error = answer.rax - (1 << 64)
        if self._loses_errors and error in LOST:
            why = Reason(
                STALE, f"this release does so when it fails with {errno_name(error)}, as here"
            )
            return library.Answer(answer.outcome, registers[self.abi.result], why)
        return answer

    def _number(self, nr: int) -> int:
        """The number by which the model, being the newest ACRN, knows the release's call ``nr``."""
        abi = self.abi
        if not self._numbers or not abi.has_number(nr):
            return nr
        return self._numbers.get(nr, abi.number_base | abi.number_index)  # the last: no call

    def make_request(self, vm: int, vcpu: int, request: bytes, memory: PendingMemory) -> None:
        """A User VM's vCPU makes an I/O request; TraceError if it cannot."""
        if not self._is_vcpu(vm, vcpu) or not self._model.make_request(vm, vcpu, request, memory):
            raise TraceError(
                f"vCPU {vcpu} of VM {vm} cannot make an I/O request: the VM must be running, have "
                "that vCPU and a page for its requests (set_ioreq_buffer), with the slot free"
            )

    def request(self, vm: int, vcpu: int, memory: PendingMemory) -> tuple[int, int]:
        """What became of that vCPU's last I/O request (model_library), and the answer."""
        if not self._is_vcpu(vm, vcpu):
            raise TraceError(f"there is no vCPU {vcpu} of VM {vm}")
        return self._model.request(vm, vcpu, memory)

    def _is_vcpu(self, vm: int, vcpu: int) -> bool:
        return 0 <= vm < self._settings.vms and 0 <= vcpu < self._settings.vcpus

    def snapshot(self) -> bytes:
        """The state of the model; ``restore`` puts it back."""
        return self._model.snapshot()

    def restore(self, state: bytes) -> None:
        self._model.restore(state)

    @property
    def callback_vector(self) -> int:
        return self._model.callback_vector


def _numbers(knowledge: Knowledge, release: str) -> dict[int, int]:
    """Number in ``release`` to that in the newest, for what both have; empty for the newest."""
    releases, master = knowledge.releases, knowledge.master
    if release == releases.newest:
        return {}
    renamed = {old: new for _, old, new in releases.renamed}
    both = (
        (entry.number, master.named(renamed.get(entry.name, entry.name)))
        for entry in releases.table(master, release)
    )
    return {number: newest.number for number, newest in both if newest}
