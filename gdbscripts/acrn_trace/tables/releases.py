# SPDX-License-Identifier: BSD-3-Clause
"""Makes what ACRN's releases have, calls and layouts, from master's and acrn_versions.def."""

from collections.abc import Iterable

from acrn_trace.base.errors import TraceError
from acrn_trace.base import deffile
from acrn_trace.tables.calls import CallTable, Entry, entry_of
from acrn_trace.base.deffile import Line


class Releases:
    """Every release, oldest first, and what was different in it."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.names = list(names)
        self.since: dict[str, str] = {}  # call -> release
        self.formerly: list[tuple[str, str, Entry]] = []  # first, last, call
        self.renamed: list[tuple[str, str, str]] = []  # release, old, new
        self.laid_out: list[tuple[str, str, str, str]] = []  # first, last, structure, as which
        self.loses_errors: tuple[str, str] | None = None  # first and last release
        self.may_lose: frozenset[str] = frozenset()  # the calls that have errors to lose

    @property
    def newest(self) -> str:
        return self.names[-1]

    def check(self, release: str) -> None:
        """TraceError unless ``release`` is one that is known."""
        if release not in self.names:
            raise TraceError(
                f"{release!r} is no release of ACRN that is known; they are {', '.join(self.names)}"
            )

    def table(self, master: CallTable, release: str) -> CallTable:
        """The calls that ``release`` has, and those of other hypervisors."""
        self.check(release)
        table = CallTable(
            Entry(entry.number, self._name(entry.plain_name, release), entry.arguments, entry.abi)
            for entry in master
            if self._within(release, self.since.get(entry.name, self.names[0]), self.newest)
        )
        for first, last, entry in self.formerly:
            if self._within(release, first, last):
                table.add(entry)
        return table

    def explain(self, number: int, release: str, master: CallTable) -> str | None:
        """Which other releases have a call of this number, as a clause; None if none has."""
        for first, last, entry in self.formerly:
            if entry.number == number and not self._within(release, first, last):
                span = f"in {first}" if first == last else f"in {first} to {last}"
                return f"{release} has no such call; {span} it was {entry.name}"
        entry = master.numbered(number)
        if entry and not self._within(release, self.since.get(entry.name, release), self.newest):
            return f"{release} has no such call; it is {entry.name} since {self.since[entry.name]}"
        return None

    def layouts(self, release: str) -> dict[str, str]:
        """The structures that are laid out as others in ``release``, and as which."""
        return {
            struct: other
            for first, last, struct, other in self.laid_out
            if self._within(release, first, last)
        }

    def can_lose_errors(self, release: str) -> bool:
        """Whether -ENODEV and -EACCES leave RAX as it was."""
        return self.loses_errors is not None and self._within(release, *self.loses_errors)

    def _name(self, name: str, release: str) -> str:
        for since, old, new in self.renamed:
            if new == name and self.names.index(release) < self.names.index(since):
                return old
        return name

    def _within(self, release: str, first: str, last: str) -> bool:
        at = self.names.index
        return at(first) <= at(release) <= at(last)


def read_releases(path: str) -> Releases:
    """The differences in ``path``; TraceError for a line that is none."""
    releases = Releases()
    for line in deffile.read(path):
        _take(releases, line)
    return releases


def _take(releases: Releases, line: Line) -> None:
    arguments = line.term.arguments or ()
    match [line.term.name, *line.term.words()]:
        case ["RELEASES", *names]:
            releases.names = names
        case ["SINCE", release, *calls]:
            releases.since |= dict.fromkeys(calls, release)
        case ["FORMERLY", first, last, _]:
            releases.formerly.append((first, last, entry_of(Line(arguments[2], line.where))))
        case ["RENAMED", release, old, new]:
            releases.renamed.append((release, old, new))
        case ["LAID_OUT", first, last, struct, other]:
            releases.laid_out.append((first, last, struct, other))
        case ["LOSES_ERRORS", first, last, *calls]:
            releases.loses_errors, releases.may_lose = (first, last), frozenset(calls)
        case _:
            raise line.wrong("not a line of releases")
