# SPDX-License-Identifier: BSD-3-Clause
"""Remembers what became of each VM by the calls of a trace: why a call on one must fail."""

from dataclasses import dataclass, field
from typing import Callable

from acrn_trace.tables.calls import CallTable
from acrn_trace.tables.results import ResultRules
from acrn_trace.trace.event import Event
from acrn_trace.trace.trees import is_change

CREATES = "create_vm"  # the VM that it names is not there yet
INVALID_VMID = 0xFFFF
MAX_VMS = 64  # that a trace remembers; ACRN's own limit is 16
NOT_CREATED = "was not created in this trace"
# What a VM is after a call that answered 0, and what that did to it.
CREATED = "created"
BECOMES = {
    CREATES: (CREATED, "created"),
    "start_vm": ("started", "started"),
    "pause_vm": ("paused", "paused"),
    "reset_vm": (CREATED, "reset"),
    "destroy_vm": ("destroyed", "destroyed"),
}


@dataclass
class _Vm:
    state: str
    done: str  # by ``call`` to it, last
    call: int
    created_here: bool
    calls: set[str] = field(default_factory=set)  # that answered 0 since


class SeenVms:
    """The VMs of a trace. A VM may end by itself: its state is then still not ``created``."""

    def __init__(self, table: CallTable, rules: ResultRules, from_boot: Callable[[], bool]) -> None:
        """``from_boot``: whether every VM that there is was made in this trace."""
        self._table, self._rules, self._from_boot = table, rules, from_boot
        self._vms: dict[int, _Vm] = {}

    def remember(self, event: Event) -> None:
        """A call that came back."""
        vmid = target_vm(event)
        if event.ret != 0 or vmid is None or vmid == INVALID_VMID:
            return
        vm = self._vms.get(vmid)
        if event.name in BECOMES and (vm or len(self._vms) < MAX_VMS):
            was_here = event.name == CREATES or bool(vm and vm.created_here)
            calls = vm.calls if vm and event.name != CREATES else set()
            vm = self._vms[vmid] = _Vm(*BECOMES[event.name], event.seq, was_here, calls)
        if vm:
            vm.calls.add(event.name)

    def seen(self, vmid: int) -> str | None:
        """What was done to a VM that is there; None if nothing was, or it was destroyed."""
        vm = self._vms.get(vmid)
        if vm is None or vm.state == "destroyed":
            return None
        return f"was {CREATED if vm.created_here else vm.done}"

    def fate(self, vmid: int) -> str | None:
        """How it comes that there is no such VM; None if there may be one."""
        vm = self._vms.get(vmid)
        if vm:
            return f"was destroyed by call {vm.call}" if vm.state == "destroyed" else None
        return NOT_CREATED if self._from_boot() and len(self._vms) < MAX_VMS else None

    def wrong_state(self, call: str, vmid: int) -> str | None:
        """Why ``call`` refuses a VM that is there, by what was done to it; None: nothing seen.

        Where a user has a call of his own in the place of one that changes a VM, nothing is known.
        """
        if not all(map(self._table.named, BECOMES)):
            return None
        vm, states = self._vms.get(vmid), self._rules.needs_state.get(call)
        if vm and states and vm.state not in states:
            return f"it needs VM {vmid} {' or '.join(states)}, and call {vm.call} {vm.done} it"
        before = self._rules.needs_call.get(call)
        if vm and before and vm.created_here and before not in vm.calls:
            return f"it needs a {before} before it, of which this trace has none for VM {vmid}"
        return None


def target_vm(event: Event) -> int | None:
    """The VM id that a call names, wherever it stands; what create_vm wrote."""
    for tree in (event.decoded, *(t for t in event.decoded.values() if isinstance(t, dict))):
        vmid = tree.get("vmid")
        vmid = vmid["out"] if is_change(vmid) else vmid
        if isinstance(vmid, int):
            return vmid
    return None
