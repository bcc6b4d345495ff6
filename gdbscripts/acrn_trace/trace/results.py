# SPDX-License-Identifier: BSD-3-Clause
"""Finds what is wrong with results by what the trace has seen, before them and in memory.

What the table's rules say of a result alone the decoder finds (cstub/decode/findings.c).
"""

from typing import Any, Callable, Iterator

from acrn_trace.guest.abi import abi_named, main_abi
from acrn_trace.guest.memory import is_absent
from acrn_trace.tables.calls import CallTable
from acrn_trace.tables.errnos import errno_name
from acrn_trace.tables.results import ResultRules
from acrn_trace.trace.event import NO_VM, REFUSED, STALE, Event, Finding, Reason
from acrn_trace.trace.trees import is_change, parts
from acrn_trace.trace.seen_vms import CREATES, NOT_CREATED, SeenVms, target_vm

FAILED, ENOTTY = -1, -25
SERVICE_VM = 0


class ResultChecker:
    """Finds what is wrong with results by what the trace has seen so far."""

    def __init__(
        self,
        table: CallTable,
        rules: ResultRules,
        elsewhere: Callable[[int], str | None] = lambda number: None,
        from_boot: Callable[[], bool] = lambda: False,
    ) -> None:
        """``elsewhere`` tells of a number which other release has it, as a clause; ``from_boot``
        whether every VM that there is was made in this trace."""
        self._table = table
        self._rules = rules
        self._elsewhere = elsewhere
        self._vms = SeenVms(table, rules, from_boot)

    def check(self, event: Event) -> Iterator[Finding]:
        """The findings on a call that returned."""
        if event.ret == 0:
            yield from _stopped_short(event)
        if event.abi != main_abi().name:
            return  # what follows is known of ACRN alone
        if event.ret == ENOTTY:
            yield Finding("enotty", f"{event.name} answered ENOTTY: {self._why_enotty(event)}")
        if event.reason or event.ret == FAILED:
            yield from self._refused(event)
        self._vms.remember(event)

    def _told(self, event: Event, reason: Reason) -> Finding:
        """The reason of a played ACRN, which knows which of its checks failed."""
        if reason.kind == STALE:
            return Finding(STALE, stale_text(event, abi_named(event.abi).result, reason.text))
        answer = "-1" if event.ret == FAILED else errno_name(event.ret)
        return Finding(reason.kind, f"{event.name} answered {answer}: {reason.text}")

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


def _stopped_short(event: Event) -> Iterator[Finding]:
    """A structure has no memory, and what the hypervisor did before it came there is done."""
    for path, why in _absent(event.decoded):
        result = abi_named(event.abi).result.upper()
        text = f"{event.name} may have stopped at {path} though {result} is 0: {why}"
        yield Finding("zero-but-failed", text)


def _absent(tree: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each place of the tree where there is no memory, and why."""
    if isinstance(tree, dict) and "unreadable" in tree:
        address, why = (
            part["out"] if is_change(part) else part
            for part in (tree["address"], tree["unreadable"])
        )
        if is_absent(why):
            yield f"{path} ({address})", f"unreadable, {why}"
    else:
        for place, part in parts(tree, path):
            yield from _absent(part, place)
