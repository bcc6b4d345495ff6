# SPDX-License-Identifier: BSD-3-Clause
"""Reads the call table: each line ``HYPERCALLn(NUMBER, NAME, …)`` of a ``.def`` file."""

import re
import zlib
from collections.abc import Iterable, Iterator

from acrn_trace.base import deffile
from acrn_trace.base.deffile import Line, Term

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


class Entry:
    """What one call is."""

    def __init__(self, number: int, name: str, arguments: tuple[Argument, ...]) -> None:
        self.number, self.name, self.arguments = number, name, arguments

    def __str__(self) -> str:
        parts = [f"{self.number:#x}", self.name, *map(str, self.arguments)]
        return f"HYPERCALL{len(self.arguments)}({', '.join(parts)})"


class CallTable:
    """The calls of one hypervisor. A later line replaces an earlier one of its number or name."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._by_number: dict[int, Entry] = {}
        self._by_name: dict[str, Entry] = {}
        for entry in entries:
            self.add(entry)

    def add(self, entry: Entry) -> list[Entry]:
        """Add a call; those of its number or name that it replaces."""
        old = [e for e in (self.numbered(entry.number), self.named(entry.name)) if e]
        for one in old:
            self._by_number.pop(one.number, None)
            self._by_name.pop(one.name, None)
        self._by_number[entry.number] = self._by_name[entry.name] = entry
        return old[:1] if old[:1] == old[1:] else old

    def __iter__(self) -> Iterator[Entry]:
        return iter(sorted(self._by_number.values(), key=lambda entry: entry.number))

    def numbered(self, number: int) -> Entry | None:
        return self._by_number.get(number)

    def named(self, name: str) -> Entry | None:
        return self._by_name.get(name)

    def call_name(self, number: int) -> str:
        entry = self.numbered(number)
        return entry.name if entry else f"hypercall_{number:#x}"

    @property
    def text(self) -> bytes:
        """The lines of a file that has the same calls, as a recording keeps them."""
        return "".join(f"{entry}\n" for entry in self).encode()

    @property
    def checksum(self) -> int:
        """The CRC-32 of the text, which a recording's header has, and a compiled table."""
        return zlib.crc32(self.text)

    def load(self, path: str) -> None:
        """Add the lines of ``path``; nothing is added when one of them is wrong (TraceError)."""
        for entry in [entry_of(line) for line in deffile.read(path)]:
            self.add(entry)


def parse(text: str, source: str) -> list[Entry]:
    """The entries of a table's ``text``; an error names ``source`` and the line."""
    return [entry_of(line) for line in deffile.parse(text, source)]


def entry_of(line: Line) -> Entry:
    """The entry that a line states."""
    parts = line.term.arguments or ()
    if len(parts) < 2 or line.term.name != f"HYPERCALL{len(parts) - 2}" or len(parts) > 4:
        raise line.wrong("not a line HYPERCALLn(NUMBER, NAME, n ARGUMENTS)")
    number, name = str(parts[0]), str(parts[1])
    if not _NUMBER.match(number) or not _WORD.match(name):
        raise line.wrong("needs a number in hexadecimal and a C name")
    return Entry(int(number, 16), name, tuple(_argument(part, line) for part in parts[2:]))


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
