# SPDX-License-Identifier: BSD-3-Clause
"""Reads what is known of one hypervisor from cstub: its calls, its structures, its rules."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterable

from acrn_trace.base import deffile
from acrn_trace.base.errors import TraceError
from acrn_trace.base.places import ACRN_TABLE, FIELDS, INCLUDE, TYPES
from acrn_trace.guest.abi import Abi, abi_named
from acrn_trace.tables.calls import CallTable, Entry, entry_of
from acrn_trace.tables.dwarf import read_layouts
from acrn_trace.tables.fields import FieldTable, read_fields
from acrn_trace.tables.layouts import LateLayouts, Layouts
from acrn_trace.tables.releases import Releases, read_releases
from acrn_trace.tables.results import ResultRules, read_results
from acrn_trace.tables.types import Types


@dataclass
class Knowledge:
    """``table`` is what ``release`` has, and the user's own calls. ``built`` is where all but the
    calls, and some calls, are compiled."""

    table: CallTable
    types: Types
    results: ResultRules
    master: CallTable = field(default_factory=CallTable)
    releases: Releases = field(default_factory=lambda: Releases(["master"]))
    release: str = "master"
    loaded: list[Path] = field(default_factory=list)
    defined: list[Entry] = field(default_factory=list)
    built: Path | None = None
    hypervisor: str = "acrn"

    @property
    def abi(self) -> Abi:
        """How the calls of ``table`` are made."""
        return abi_named(self.hypervisor)

    def define(self, text: str) -> tuple[Entry, list[Entry]]:
        """Add the call that one line of a table states: that, and those that it replaces."""
        entry = entry_of(deffile.parse_one(text, "the definition"))
        return entry, self.add(entry)

    def add(self, entry: Entry) -> list[Entry]:
        """Add a call, for every release: those that it replaces."""
        self.defined.append(entry)
        return self.table.add(entry)

    def unknown_types(self, entry: Entry) -> list[str]:
        """The types of a call's arguments that neither ACRN nor the guest's image has."""
        return [
            argument.type
            for argument in entry.arguments
            if argument.type and argument.kind in ("PTR", "PACKED", "ENUM")
            if self.types.type_named(argument.type) is None
            and not self.types.enum_named(argument.type)
        ]

    def load(self, path: Path) -> None:
        """Add a user's own calls; TraceError, and nothing added, if the file is wrong."""
        self.table.load(path)
        self.loaded.append(path)

    def use_release(self, release: str) -> None:
        """Take the calls of another release; TraceError if there is no such one."""
        table = self.releases.table(self.master, release)
        for path in self.loaded:
            table.load(path)
        for entry in self.defined:
            table.add(entry)
        self.table, self.release = table, release

    def explain(self, number: int) -> str | None:
        """Which other release has a call of this number, as a clause; None if none has."""
        return self.releases.explain(number, self.release, self.master)

    def check(self) -> None:
        """TraceError, before a trace rather than in it, where structures cannot be decoded."""
        self.types.type_named("")

    @property
    def caveat(self) -> str | None:
        """What a reader of the trace must know about the tables in use."""
        if self.release == self.releases.newest:
            return None
        return (
            f"calls are those of ACRN {self.release}, structures are laid out as "
            f"{self.releases.newest}'s and may differ"
        )


def acrn(release: str | None = None, tables: Iterable[str] = ()) -> Knowledge:
    """ACRN's, of ``release`` (default: the newest), and the calls in the files ``tables``."""
    master = CallTable()
    master.load(INCLUDE / "acrn.def")
    fields = read_fields(*FIELDS)
    types = Types(LateLayouts(lambda: _layouts(fields)), fields)
    results = read_results(INCLUDE / "acrn_results.def")
    releases = read_releases(INCLUDE / "acrn_versions.def")
    knowledge = Knowledge(CallTable(), types, results, master, releases, built=ACRN_TABLE)
    knowledge.use_release(release or releases.newest)
    for path in tables:
        knowledge.load(Path(path))
    return knowledge


def _layouts(fields: FieldTable) -> Layouts:
    """ACRN's; TraceError if those that ``fields`` tells of are not all there."""
    layouts = read_layouts(TYPES)
    lacking = set(fields.sizes).union(*fields.layouts.values()) - layouts.structs.keys()
    if lacking:
        raise TraceError(f"{TYPES} has no struct {min(lacking)}: 'make types' builds it anew")
    return layouts
