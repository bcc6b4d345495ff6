# SPDX-License-Identifier: BSD-3-Clause
"""Chooses which vCPU of a guest at rest to look at first, and says why."""

from dataclasses import dataclass

from acrn_trace.at_rest.levels import FIRMWARE, GUEST, HYPERVISOR, Level
from acrn_trace.at_rest.ring_search import FoundRing
from acrn_trace.guest.abi import RFLAGS_IF, main_abi
from acrn_trace.guest.memory import Unreadable
from acrn_trace.guest.snapshot import Snapshot, SnapshotVcpu
from acrn_trace.rings.format import RECORD, RETURNED, STATE, UNKNOWN_VCPU
from acrn_trace.rings.ring_contents import Kept, RingContents


@dataclass
class _Calls:
    """What the ring has of one vCPU: the oldest call in flight and the newest of all, as TSCs."""

    in_flight: int | None = None
    newest: int = 0


def chosen_vcpu(
    snapshot: Snapshot, levels: dict[int, Level], ring: FoundRing | None
) -> tuple[int | None, str]:
    """Of the vCPUs in ``levels`` one's number and the evidence, a sentence without its full stop;
    None if there is none.

    A vCPU at a VMCALL that did not complete comes first, then calls in flight, the oldest first,
    then vCPUs in the hypervisor, then those that are not idle; of alike ones that with the newest
    call in the ring.
    """
    calls = _calls_by_vcpu(ring)
    ranked = [
        (*_rank(vcpu, levels[vcpu.vcpu], calls.get(vcpu.vcpu, _Calls())), -vcpu.vcpu)
        for vcpu in snapshot.vcpus
        if vcpu.vcpu in levels
    ]
    if not ranked:
        return None, ""
    _, _, _, why, number = max(ranked)
    return -number, why


def _rank(vcpu: SnapshotVcpu, level: Level, calls: _Calls) -> tuple[int, int, int, str]:
    """How early to look at it, how old its call in flight is, its newest call, the evidence."""
    name = f"vCPU {vcpu.vcpu}"
    if level.level == GUEST and _is_at_call(vcpu, level):
        return 6, 0, calls.newest, f"{name} is at a {main_abi().mnemonic} that did not complete"
    if calls.in_flight is not None:
        text = f"{name} has a call in flight, the oldest in the ring"
        return 5, -calls.in_flight, calls.newest, text
    if level.level == HYPERVISOR:
        return 4, 0, calls.newest, f"{name} is in the hypervisor"
    if level.level == FIRMWARE:
        return 0, 0, calls.newest, f"{name} was not started; there is no other"
    if level.is_idle:
        return 1, 0, calls.newest, f"{name} is idle, as all are, and made the newest call"
    if level.is_halted:
        return 3, 0, calls.newest, f"{name} is halted with interrupts off, as after a panic"
    off = " with interrupts off" if not vcpu.registers.get("eflags", 0) & RFLAGS_IF else ""
    return 2 + bool(off), 0, calls.newest, f"{name} was running{off}"


def _is_at_call(vcpu: SnapshotVcpu, level: Level) -> bool:
    abi = main_abi()
    try:
        return (
            level.memory is not None
            and level.memory.read(vcpu.registers["rip"], abi.length) in abi.codes
        )
    except (KeyError, Unreadable):
        return False


def _calls_by_vcpu(ring: FoundRing | None) -> dict[int, _Calls]:
    """By the number that the guest gave to each vCPU, which is QEMU's where the guest is honest."""
    found: dict[int, _Calls] = {}
    for kept in RingContents(ring.rings) if ring else ():
        vcpu, is_in_flight = _vcpu_of(kept)
        if vcpu == UNKNOWN_VCPU:
            continue
        calls = found.setdefault(vcpu, _Calls())
        calls.newest = max(calls.newest, kept.entry)
        if is_in_flight and (calls.in_flight is None or kept.entry < calls.in_flight):
            calls.in_flight = kept.entry
    return found


def _vcpu_of(kept: Kept) -> tuple[int, bool]:
    fields = RECORD.unpack_from(kept.raw)
    return fields[8], fields[0] & STATE != RETURNED
