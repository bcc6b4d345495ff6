# SPDX-License-Identifier: BSD-3-Clause
"""Reads what is known of hypervisors from cstub: their calls, their structures, their rules."""

import os
from collections.abc import Iterable
from functools import cached_property

from acrn_trace.base import deffile
from acrn_trace.base.places import ACRN_TABLE, RELEASES, table_file
from acrn_trace.guest.abi import abis, main_abi
from acrn_trace.tables.calls import CallTable, Entry, entry_of
from acrn_trace.tables.releases import Releases, read_releases
from acrn_trace.tables.results import ResultRules, read_results


class Knowledge:
    """``table`` is what ``release`` has, the user's own calls, and those of other hypervisors;
    ``master`` is the newest's. ``abi`` is how its calls are made, where nothing says another.
    ``built`` is where all but the main ABI's calls, and some of these, are compiled."""

    def __init__(self, master: CallTable, releases: Releases, release: str) -> None:
        self.master, self.releases = master, releases
        self._loaded: list[str] = []
        self.defined: list[Entry] = []
        self.built: str | None = None
        self.abi = main_abi()
        self.named: str | None = None  # the release that the user named
        self._take(release)

    # What these need takes longer than all else that lists calls.

    @cached_property
    def results(self) -> ResultRules:
        """What results mean where RAX alone does not say it."""
        return read_results(*abis())

    @cached_property
    def types(self):
        """The Types of ``table`` and of the guest."""
        from acrn_trace.tables.own_types import own_types

        return own_types().laid_out_as(self.releases.layouts(self.release))

    @property
    def has_other_types(self) -> bool:
        """Whether a type may be another than the newest ACRN's: the release's, or the guest's own,
        which whoever looks at a guest sets in ``types``."""
        has_guests = "types" in vars(self) and bool(self.types.guest_types)
        return has_guests or bool(self.releases.layouts(self.release))

    def define(self, text: str) -> tuple[Entry, list[Entry]]:
        """Add the call that one line of a table states: that, and those that it replaces."""
        entry = entry_of(deffile.parse_one(text, "the definition"))
        return entry, self.add(entry)

    def add(self, entry: Entry) -> list[Entry]:
        """Add a call, for every release: those that it replaces."""
        self.defined.append(entry)
        return self.table.add(entry)

    def with_calls(self, entries: Iterable[Entry]) -> "Knowledge":
        """The same, where these calls stand in the place of those that they replace."""
        return self.with_only([*self.table, *entries])

    def with_only(self, entries: Iterable[Entry]) -> "Knowledge":
        """The same, with these calls and no others."""
        other = object.__new__(type(self))
        vars(other).update(vars(self))
        other.table = CallTable(entries)
        return other

    def unknown_types(self, entry: Entry) -> list[str]:
        """The types of a call's arguments that neither ACRN nor the guest's image has."""
        return [
            argument.type
            for argument in entry.arguments
            if argument.type and argument.kind in ("PTR", "PACKED", "ENUM")
            if self.types.type_named(argument.type) is None
            and not self.types.enum_named(argument.type)
        ]

    def load(self, path: str) -> None:
        """Add a user's own calls, of ``HYPERVISOR:FILE`` that one's; TraceError, and nothing added,
        if the file is wrong."""
        abi, file = _whose(path)
        self.table.load(file, abi)
        self._loaded.append(path)
        if abi != self.abi.name:
            self.built = None

    def use_release(self, release: str) -> None:
        """Take another release, which the user names; TraceError if there is no such one."""
        self._take(release)
        self.named = release

    def play_release(self, release: str | None) -> None:
        """Take the one that is played, or the newest, unless the user named one; TraceError."""
        if not self.named:
            self._take(release or self.releases.newest)

    def _take(self, release: str) -> None:
        table = self.releases.table(self.master, release)
        for path in self._loaded:
            abi, file = _whose(path)
            table.load(file, abi)
        for entry in self.defined:
            table.add(entry)
        self.table, self.release = table, release
        if "types" in self.__dict__:
            self.types = self.types.laid_out_as(self.releases.layouts(release))

    def explain(self, number: int) -> str | None:
        """Which other release has a call of this number, as a clause; None if none has."""
        return self.releases.explain(number, self.release, self.master)

    def check(self) -> None:
        """TraceError, before a trace rather than in it, where structures or results cannot be
        decoded."""
        self.types.type_named("")
        _ = self.results

    @property
    def caveat(self) -> str | None:
        """What a reader of the trace must know about the tables in use."""
        if self.release == self.releases.newest:
            return None
        return (
            f"calls are those of ACRN {self.release}, structures are laid out as "
            f"{self.releases.newest}'s where no difference is known"
        )


def _whose(path: str) -> tuple[str, str]:
    """The ABI whose calls are in ``HYPERVISOR:FILE``, or ``FILE``, and the file."""
    abi, colon, file = str(path).partition(":")
    if colon and abi in abis() and not os.path.exists(path):
        return abi, file
    return main_abi().name, path


def acrn(release: str | None = None, tables: Iterable[str] = ()) -> Knowledge:
    """ACRN's, of ``release`` (default: the newest), that of the other rows of abi.def, and the
    calls in the files ``tables``."""
    master, releases = CallTable(), read_releases(RELEASES)
    for abi in abis():
        master.load(table_file(abi), abi)
    knowledge = Knowledge(master, releases, releases.newest)
    if release:
        knowledge.use_release(release)
    knowledge.built = ACRN_TABLE
    for path in tables:
        knowledge.load(path)
    return knowledge
