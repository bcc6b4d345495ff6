# SPDX-License-Identifier: BSD-3-Clause
"""Runs ``hypercall nested``: which nested page table a vCPU's memory is read through."""

from typing import Iterator

import gdb

from acrn_trace.base.errors import TraceError
from acrn_trace.guest.memory import Unreadable
from acrn_trace.guest.nested import LEVELS, NestedMemory, NestedTable
from acrn_trace.guest.nesting import Nesting
from acrn_trace.guest.paging import PAGE
from acrn_trace.in_gdb.command import Command
from acrn_trace.in_gdb.commands.gpa import number_of
from acrn_trace.in_gdb.guest_memory import SelectedVcpu, look, nested_table, nesting
from acrn_trace.in_gdb.image import is_dump
from acrn_trace.in_gdb.prompt import matching, say
from acrn_trace.in_gdb.session import Session

WORDS = ("show", "find", "set", "walk")
USAGE = "hypercall nested takes show, find, set NCR3 [LEVELS], set none, or walk [-p] ADDRESS"
MACHINE = "vCPU {}: its memory is the machine's; no nested page table is used"


class HypercallNested(Command):
    """Shows, finds, sets and walks it, for the selected thread."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, self._nested)

    def complete(self, text: str, word: str | None) -> list[str]:
        return matching((*WORDS, "none"), word)

    def _nested(self, words: list[str]) -> None:
        if is_dump():
            raise TraceError(
                "a dump's nested guest is found by its image; 'hypercall diagnose' tells of it"
            )
        if gdb.selected_thread() is None:
            raise TraceError("there is no guest: connect to QEMU's stub ('target remote …')")
        what, *rest = words or ["show"]
        actions = {"show": self._show, "find": self._find, "set": self._set, "walk": self._walk}
        if what not in actions:
            raise TraceError(USAGE)
        say(actions[what](rest))

    def _show(self, words: list[str]) -> Iterator[str]:
        if words:
            raise TraceError(USAGE)
        look()
        number = SelectedVcpu().number
        try:
            table = nested_table()
        except Unreadable as why:
            raise TraceError(str(why)) from None
        yield _line(number, table, nesting()) if table else MACHINE.format(number)
        if table is None and nesting().trouble:
            yield f"(the latest search: {nesting().trouble})"

    def _find(self, words: list[str]) -> Iterator[str]:
        if words:
            raise TraceError(USAGE)
        nesting().forget()
        if not look():
            raise TraceError(
                nesting().trouble
                or "the vCPU does not stand in the code of the image, by which its nested page "
                "table is found; go on to a call, or give the table by 'hypercall nested set NCR3'"
            )
        yield from self._show([])

    def _set(self, words: list[str]) -> Iterator[str]:
        vcpu = SelectedVcpu()
        if words == ["none"]:
            nesting().choose(vcpu, None)
            yield from self._show([])
            return
        if not 1 <= len(words) <= 2:
            raise TraceError(USAGE)
        table = _chosen(vcpu, number_of(words[0]), [number_of(word) for word in words[1:]])
        nesting().choose(vcpu, table)
        yield _line(vcpu.number, table, nesting())

    def _walk(self, words: list[str]) -> Iterator[str]:
        physical = words[:1] == ["-p"]
        words = words[1:] if physical else words
        if len(words) != 1:
            raise TraceError(USAGE)
        look()
        address = number_of(words[0])
        try:
            yield from _walked(address, physical)
        except Unreadable as why:
            raise TraceError(f"the way ends: {why}") from None


def _walked(address: int, physical: bool) -> Iterator[str]:
    table = nested_table()
    if table is None:
        raise TraceError(
            "no nested page table is used for this vCPU; 'hypercall nested set NCR3' names one"
        )
    if not physical:
        virtual, address = address, nesting().virtual(SelectedVcpu(), table).translate(address)
        yield f"virtual {virtual:#x} is guest-physical {address:#x} by the guest's own tables"
    *tables, (host, left) = NestedMemory(nesting().machine, table).way(address)
    for level, (at, _) in zip(range(table.levels, 0, -1), tables):
        entry = at + (address >> 12 + 9 * (level - 1) & 511) * 8
        yield f"level {level}: table at host-physical {at:#x}, entry at {entry:#x}"
    yield f"guest-physical {address:#x} is host-physical {host:#x} (to the page's end: {left:#x})"


def _chosen(vcpu: SelectedVcpu, ncr3: int, levels: list[int]) -> NestedTable:
    """The table with the levels given; else with those through which the vCPU's code is there."""
    if ncr3 % PAGE:
        raise TraceError(f"{ncr3:#x} is no nested page table: its address is a multiple of {PAGE}")
    if any(number not in LEVELS for number in levels):
        raise TraceError(f"a nested page table has 4 or 5 levels, and not {levels[0]}")
    candidates = [NestedTable(ncr3, number) for number in levels or LEVELS]
    why: Unreadable | None = None
    for table in candidates:
        try:
            nesting().virtual(vcpu, table).read(vcpu.registers["rip"], 1)
            return table
        except Unreadable as error:
            why = error
    if levels:
        return candidates[0]
    raise TraceError(
        f"the code at RIP is not there through a table at {ncr3:#x} of either 4 or 5 levels "
        f"({why}); say how many levels it has"
    )


def _line(number: int, table: NestedTable, known: Nesting) -> str:
    vmcbs = ", ".join(hex(vmcb.address) for vmcb in known.vmcbs if vmcb.ncr3 == table.ncr3)
    found = f" (VMCB at {vmcbs})" if vmcbs else ""
    chosen = ", as it was set" if known.is_chosen else ""
    return f"vCPU {number}: a nested guest, by the {table}{found}{chosen}"


def make(_name: str, session: Session) -> Command:
    return HypercallNested(session)
