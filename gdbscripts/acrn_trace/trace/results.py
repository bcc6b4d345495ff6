# SPDX-License-Identifier: BSD-3-Clause
"""Finds what is wrong with results, from the table's rules and from what the trace has seen."""

from typing import Any, Callable, Iterator

from acrn_trace.guest.abi import Abi, main_abi
from acrn_trace.guest.memory import is_absent
from acrn_trace.tables.calls import CallTable
from acrn_trace.tables.errnos import errno_name
from acrn_trace.tables.results import ResultRules
from acrn_trace.trace.event import NO_VM, REFUSED, STALE, Event, Finding, Reason
from acrn_trace.trace.field_changes import is_change, parts
from acrn_trace.trace.seen_vms import CREATES, NOT_CREATED, SeenVms, target_vm

FAILED, EINVAL, ENOTTY = -1, -22, -25
SERVICE_VM = 0


class ResultChecker:
    """Finds what is wrong with results, from the rules and from what the trace has seen so far."""

    def __init__(
        self,
        table: CallTable,
        rules: ResultRules,
        elsewhere: Callable[[int], str | None] = lambda number: None,
        from_boot: Callable[[], bool] = lambda: False,
        absence: Callable[[Event, str], str | None] = lambda event, argument: None,
        abi: Abi | None = None,
    ) -> None:
        """``elsewhere`` tells of a number which other release has it, as a clause; ``from_boot``
        whether every VM that there is was made in this trace; ``absence`` why the machine has no
        memory where an argument of the call points, if that is known; ``abi`` how the table's
        calls are made, by default the main one."""
        self._table = table
        self._rules = rules
        self._elsewhere = elsewhere
        self._absence = absence
        self._abi = abi or main_abi()
        self._result = self._abi.result.upper()
        self._vms = SeenVms(table, rules, from_boot)

    def check(self, event: Event) -> Iterator[Finding]:
        """The findings on a call that returned."""
        if event.ret == 0:
            yield from self._zero(event)
        if event.abi != self._abi.name:
            return  # what follows is known of ACRN alone
        yield from self._number(event)
        if event.ret == ENOTTY:
            yield Finding("enotty", f"{event.name} answered ENOTTY: {self._why_enotty(event)}")
        if event.ret == EINVAL:
            yield from self._no_address(event)
        if event.reason or event.ret == FAILED:
            yield from self._refused(event)
        self._vms.remember(event)

    def _told(self, event: Event, reason: Reason) -> Finding:
        """The reason of a played ACRN, which knows which of its checks failed."""
        if reason.kind == STALE:
            return Finding(STALE, stale_text(event, self._abi.result, reason.text))
        answer = "-1" if event.ret == FAILED else errno_name(event.ret)
        return Finding(reason.kind, f"{event.name} answered {answer}: {reason.text}")

    def _number(self, event: Event) -> Iterator[Finding]:
        abi = self._abi
        if self._table.numbered(event.nr, event.abi) or abi.has_number(event.nr):
            return
        reached = self._table.numbered(abi.number_taken(event.nr))
        looked_at = abi.number_index.bit_length()
        yield Finding(
            "number",
            f"{abi.number.upper()} is {event.nr:#x}, whose upper bits are not "
            f"{abi.number_base >> looked_at:#x}: ACRN looks at the low {looked_at} bits alone and "
            f"calls {reached.name if reached else 'nothing'}",
        )

    def _zero(self, event: Event) -> Iterator[Finding]:
        path, value, why = self._rules.failed_if.get(event.name, ("", 0, ""))
        if path and _at(event.decoded, path) == value:
            yield Finding(
                "zero-but-failed", f"{event.name} failed though {self._result} is 0: {why}"
            )
        if event.name in self._rules.proves_nothing:
            why = self._rules.proves_nothing[event.name]
            yield Finding("zero-proves-nothing", f"{event.name}: {why}")
        for path, why in _absent(event.decoded):
            text = f"{event.name} may have stopped at {path} though {self._result} is 0: {why}"
            yield Finding("zero-but-failed", text)

    def _why_enotty(self, event: Event) -> str:
        if self._table.numbered(event.nr, event.abi) is None:
            return self._elsewhere(event.nr) or "the call table has no such call"
        namer = event.decoded.get(self._rules.vm_named_in.get(event.name, ""))
        if isinstance(namer, dict) and "unreadable" in namer:
            return f"what names the VM could not be read at {namer['address']}"
        if event.name in self._rules.enotty_means:
            return self._rules.enotty_means[event.name]
        vmid = target_vm(event)
        if vmid is None or vmid == SERVICE_VM:
            return "the caller is not permitted to make this call"
        seen = self._vms.seen(vmid)
        if seen:
            return f"not permitted (VM {vmid} {seen} in this trace)"
        return f"VM {vmid} {self._vms.fate(vmid) or NOT_CREATED}"

    def _no_address(self, event: Event) -> Iterator[Finding]:
        """The structure is where the hypervisor has no memory of the caller's."""
        entry, name = self._table.numbered(event.nr, event.abi), self._rules.address_at_fault.get(
            event.name
        )
        for argument, address in zip(entry.arguments if entry else (), event.args):
            if argument.name == name and name in event.decoded:
                why = self._absence(event, name) or "not the guest's memory"
                text = f"{event.name} answered EINVAL: {name} is at {address:#x}, {why}"
                yield Finding("address", text)

    def _refused(self, event: Event) -> Iterator[Finding]:
        """Why it failed: as a played ACRN says, else where only one reason fits what was seen."""
        reason = event.reason
        if reason is None or reason.kind == NO_VM:
            reason = self._seen_reason(event) or reason
        if reason:
            yield self._told(event, reason)

    def _seen_reason(self, event: Event) -> Reason | None:
        """Handlers answer -1 for a VM that is off, or in a state that they have no use for, before
        they look at anything else: common/hypercall.c."""
        vmid, why = target_vm(event), None
        if event.name == CREATES or vmid == SERVICE_VM:
            return None
        if vmid is not None:
            fate = self._vms.fate(vmid)
            if fate or not self._vms.seen(vmid):
                return Reason(NO_VM, f"VM {vmid} {fate}") if fate else None
            why = self._vms.wrong_state(event.name, vmid)
        why = why or self._only_reason(event)
        return Reason(REFUSED, why) if why else None

    def _only_reason(self, event: Event) -> str | None:
        """What else it may be, if that is one thing; what could not be read is another."""
        is_read = not any(
            isinstance(tree, dict) and "unreadable" in tree for tree in event.decoded.values()
        )
        return self._rules.failed_means.get(event.name) if is_read else None


def stale_text(event: Event, result: str, why: str) -> str:
    return f"{event.name} left {result.upper()} as it was, {event.rax:#x}: {why}"


def _at(tree: Any, path: str) -> Any:
    """The value at ``a.b``, after the call."""
    for key in path.split("."):
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree["out"] if is_change(tree) else tree


def _absent(tree: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each place of the tree where there is no memory, and why."""
    if isinstance(tree, dict) and "unreadable" in tree:
        if is_absent(tree["unreadable"]):
            yield f"{path} ({tree['address']})", f"unreadable, {tree['unreadable']}"
    else:
        for place, part in parts(tree, path):
            yield from _absent(part, place)
