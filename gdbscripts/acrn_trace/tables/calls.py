# SPDX-License-Identifier: BSD-3-Clause
"""Reads the call tables: each line ``HYPERCALLn(NUMBER, NAME, …)`` of a ``.def`` file."""

import re
import zlib
from collections.abc import Iterable, Iterator

from acrn_trace.base import deffile
from acrn_trace.base.deffile import Line, Term
from acrn_trace.base.errors import TraceError
from acrn_trace.guest.abi import UNKNOWN, abis, main_abi

DIRECTIONS = ("in", "out", "inout")
VALUE_BITS = {"u8": 8, "u16": 16, "u32": 32, "u64": 64}

# kind -> what stands before the argument's name
KINDS = {
    "VALUE": ("type",),
    "VMID": (),
    "ENUM": ("type",),
    "PACKED": ("type",),
    "PTR": ("direction", "type"),
    "ADDR": ("direction",),
    "PASS": (),
}

# Which call it is: the name of its ABI, and its number there.
CallId = tuple[str, int]

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}$")
_NUMBER = re.compile(r"0x[0-9a-fA-F]{1,16}$")


class Argument:
    """One argument: its kind (a key of KINDS), and what the kind needs."""

    def __init__(
        self, kind: str, name: str, type: str | None = None, direction: str = "in"
    ) -> None:
        self.kind, self.name, self.type, self.direction = kind, name, type, direction

    def __str__(self) -> str:
        before = [str(getattr(self, field)) for field in KINDS[self.kind]]
        return f"{self.kind}({', '.join([*before, self.name])})"

    @property
    def is_pointer(self) -> bool:
        return self.kind in ("PTR", "ADDR")

    @property
    def bits(self) -> int:
        """How many low bits of the register the hypervisor reads."""
        if self.kind == "VMID":
            return 16
        return VALUE_BITS.get(self.type or "", 64)


def full_name(name: str, abi: str) -> str:
    """What a call is called among those of all hypervisors: ``kvm:kick_cpu``. Those of the main
    ABI have their plain name."""
    return name if abi == main_abi().name else f"{abi}:{name}"


def plain_name(name: str, abi: str) -> str:
    """The inverse of ``full_name``."""
    return name if abi == main_abi().name else name.removeprefix(f"{abi}:")


class Entry:
    """What one call is. ``plain_name`` is its line's, ``abi`` the name of the row whose it is."""

    def __init__(
        self, number: int, name: str, arguments: tuple[Argument, ...], abi: str | None = None
    ) -> None:
        self.number, self.plain_name, self.arguments = number, name, arguments
        self.abi = abi or main_abi().name
        self.name = full_name(name, self.abi)

    def __str__(self) -> str:
        parts = [f"{self.number:#x}", self.plain_name, *map(str, self.arguments)]
        return f"HYPERCALL{len(self.arguments)}({', '.join(parts)})"

    @property
    def id(self) -> CallId:
        return self.abi, self.number


class CallTable:
    """The calls of all hypervisors. A later line replaces an earlier one of its number or name.

    A number alone is one of the main ABI's.
    """

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._main = main_abi().name
        self._by_id: dict[CallId, Entry] = {}
        self._by_name: dict[str, Entry] = {}
        for entry in entries:
            self.add(entry)

    def add(self, entry: Entry) -> list[Entry]:
        """Add a call; those of its number or name that it replaces."""
        old = [e for e in (self._by_id.get(entry.id), self.named(entry.name)) if e]
        for one in old:
            self._by_id.pop(one.id, None)
            self._by_name.pop(one.name, None)
        self._by_id[entry.id] = self._by_name[entry.name] = entry
        return old[:1] if old[:1] == old[1:] else old

    def __iter__(self) -> Iterator[Entry]:
        """By ABI, in the order of the rows, and number."""
        rows = list(abis())
        return iter(sorted(self._by_id.values(), key=lambda e: (rows.index(e.abi), e.number)))

    def numbered(self, number: int, abi: str | None = None) -> Entry | None:
        return self._by_id.get((abi or self._main, number))

    def named(self, name: str) -> Entry | None:
        """The call of that full name; the main ABI's may have its hypervisor before it too."""
        return self._by_name.get(name.removeprefix(f"{self._main}:"))

    def call_name(self, number: int, abi: str | None = None) -> str:
        """Its full name, also of one that is not here."""
        entry = self.numbered(number, abi)
        return entry.name if entry else full_name(f"hypercall_{number:#x}", abi or self._main)

    def meant(self, word: str) -> CallId | None:
        """The call of that full name, or of that number: ``0x80000012``, ``kvm:0x63``.

        None if it is neither; TraceError for a number that no call can have.
        """
        entry = self.named(word)
        if entry:
            return entry.id
        abi, colon, text = word.rpartition(":")
        try:
            number = int(text, 0)
        except ValueError:
            return None
        if colon and abi not in (*abis(), UNKNOWN):
            return None
        if not 0 <= number < 1 << 64:
            raise TraceError(f"{word} is no number of a call, which has 64 bits")
        return abi or self._main, number

    @property
    def text(self) -> bytes:
        """The lines of a file that has the main ABI's calls, as a recording keeps them."""
        return "".join(f"{entry}\n" for entry in self if entry.abi == self._main).encode()

    @property
    def checksum(self) -> int:
        """The CRC-32 of the text, which a recording's header has, and a compiled table."""
        return zlib.crc32(self.text)

    def load(self, path: str, abi: str | None = None) -> None:
        """Add the lines of ``path``; nothing is added when one of them is wrong (TraceError)."""
        for entry in [entry_of(line, abi) for line in deffile.read(path)]:
            self.add(entry)


def parse(text: str, source: str, abi: str | None = None) -> list[Entry]:
    """The entries of a table's ``text``; an error names ``source`` and the line."""
    return [entry_of(line, abi) for line in deffile.parse(text, source)]


def entry_of(line: Line, abi: str | None = None) -> Entry:
    """The entry that a line states, of a call that is made as the row ``abi`` says."""
    parts, row = line.term.arguments or (), abis()[abi] if abi else main_abi()
    if len(parts) < 2 or line.term.name != f"HYPERCALL{len(parts) - 2}":
        raise line.wrong("not a line HYPERCALLn(NUMBER, NAME, n ARGUMENTS)")
    if len(parts) - 2 > len(row.arguments):
        raise line.wrong(f"a call of {row.name} has {len(row.arguments)} arguments at most")
    number, name = str(parts[0]), str(parts[1])
    if not _NUMBER.match(number) or not _WORD.match(name):
        raise line.wrong("needs a number in hexadecimal and a C name")
    return Entry(int(number, 16), name, tuple(_argument(part, line) for part in parts[2:]), abi)


def _argument(term: Term, line: Line) -> Argument:
    fields, words = KINDS.get(term.name), term.words()
    if fields is None or len(words) != len(fields) + 1 or not all(map(_WORD.match, words)):
        raise line.wrong(f"{str(term)[:80]!r} is none of the argument kinds {', '.join(KINDS)}")
    given = dict(zip(fields, words))
    if given.get("direction", "in") not in DIRECTIONS:
        raise line.wrong(f"{given['direction']!r} is not a direction: in, out or inout")
    if term.name == "VALUE" and given["type"] not in VALUE_BITS:
        raise line.wrong(f"{given['type']!r} is not a type: {', '.join(VALUE_BITS)}")
    return Argument(term.name, words[-1], **given)
