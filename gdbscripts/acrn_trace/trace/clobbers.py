# SPDX-License-Identifier: BSD-3-Clause
"""Compares every general register and RFLAGS at a call's entry with its return."""

from acrn_trace.guest.abi import GENERAL_REGISTERS, RFLAGS_COMPARED
from acrn_trace.guest.stop import Stop
from acrn_trace.trace.event import Finding

Changes = dict[str, tuple[int, int]]


def changed_registers(entry: Stop, leave: Stop, may_change: frozenset[str]) -> Changes:
    """Register to (value before, value after), for each that changed and must not."""
    changes = {
        name: (entry.registers[name], leave.registers[name])
        for name in GENERAL_REGISTERS
        if name not in may_change and entry.registers[name] != leave.registers[name]
    }
    before, after = entry.registers["eflags"], leave.registers["eflags"]
    if (before ^ after) & RFLAGS_COMPARED and "eflags" not in may_change:
        changes["rflags"] = (before, after)
    return changes


def clobber_findings(changes: Changes, call: str, site: object) -> list[Finding]:
    """One finding a register, with both values, the call and where it was made.

    Nothing but the hypervisor ran between the two stops, so that no guest's code can be to blame.
    """
    return [
        Finding(
            "clobber",
            f"{call} changed {name}: {before:#x} => {after:#x}, at {site}; the hypervisor did",
        )
        for name, (before, after) in changes.items()
    ]
