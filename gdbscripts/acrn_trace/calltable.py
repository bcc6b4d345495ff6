# SPDX-License-Identifier: BSD-3-Clause
"""The call table: reads ``.def`` files (docs/call-table.md states the grammar).

The same lines are X-macros to C. They are matched here as text, never evaluated; a file has one
call a line and nothing else but C comments and blank lines.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, Iterator

from acrn_trace.errors import TraceError

MAX_FILE_BYTES = 1 << 20

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

_CALL = re.compile(r"HYPERCALL([012])\((.*)\)$")
_ARGUMENT = re.compile(r"([A-Z]+)\(([^()]*)\)$")
_SPLIT = re.compile(r",\s*(?![^()]*\))")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}$")
_NUMBER = re.compile(r"0x[0-9a-fA-F]{1,16}$")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True)
class Argument:
    """One argument: its kind (a key of KINDS), and what the kind needs."""

    kind: str
    name: str
    type: str | None = None
    direction: str = "in"

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
        return 32 if self.kind == "ENUM" else VALUE_BITS.get(self.type or "", 64)


@dataclass(frozen=True)
class Entry:
    """What one call is."""

    number: int
    name: str
    arguments: tuple[Argument, ...]

    def __str__(self) -> str:
        parts = [f"{self.number:#x}", self.name, *map(str, self.arguments)]
        return f"HYPERCALL{len(self.arguments)}({', '.join(parts)})"


class CallTable:
    """The calls of one hypervisor. A later line replaces an earlier one of its number or name."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._by_number: dict[int, Entry] = {}
        for entry in entries:
            self.add(entry)

    def add(self, entry: Entry) -> None:
        old = self.named(entry.name)
        if old:
            del self._by_number[old.number]
        self._by_number[entry.number] = entry

    def __iter__(self) -> Iterator[Entry]:
        return iter(sorted(self._by_number.values(), key=lambda entry: entry.number))

    def numbered(self, number: int) -> Entry | None:
        return self._by_number.get(number)

    def named(self, name: str) -> Entry | None:
        return next((e for e in self._by_number.values() if e.name == name), None)

    def call_name(self, number: int) -> str:
        entry = self.numbered(number)
        return entry.name if entry else f"hypercall_{number:#x}"

    def load(self, path: Path) -> None:
        """Add the lines of ``path``; nothing is added when one of them is wrong (TraceError)."""
        for entry in parse(_read(path), str(path)):
            self.add(entry)


def parse(text: str, source: str) -> list[Entry]:
    """The entries of a table's ``text``; an error names ``source`` and the line."""
    uncommented = _COMMENT.sub(lambda match: "\n" * match.group().count("\n"), text)
    entries = []
    for number, line in enumerate(uncommented.splitlines(), 1):
        if line.strip():
            entries.append(_parse_line(line.strip(), f"{source}:{number}"))
    return entries


def _read(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            raise TraceError(f"the call table {path} is over {MAX_FILE_BYTES} bytes; is it one?")
        return data.decode()
    except OSError as error:
        raise TraceError(f"cannot read the call table {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise TraceError(f"the call table {path} is not text; give a .def file") from error


def _parse_line(line: str, where: str) -> Entry:
    match = _CALL.match(line)
    parts = _SPLIT.split(match.group(2)) if match else []
    if not match or len(parts) != 2 + int(match.group(1)):
        raise TraceError(f"{where}: not a line HYPERCALLn(NUMBER, NAME, n ARGUMENTS): {line[:80]!r}")
    number, name = parts[0].strip(), parts[1].strip()
    if not _NUMBER.match(number) or not _WORD.match(name):
        raise TraceError(f"{where}: needs a number in hexadecimal and a C name: {line[:80]!r}")
    arguments = tuple(_parse_argument(part.strip(), where) for part in parts[2:])
    return Entry(int(number, 16), name, arguments)


def _parse_argument(text: str, where: str) -> Argument:
    match = _ARGUMENT.match(text)
    fields = KINDS.get(match.group(1)) if match else None
    words = [word.strip() for word in match.group(2).split(",")] if match else []
    if fields is None or len(words) != len(fields) + 1 or not all(map(_WORD.match, words)):
        kinds = ", ".join(KINDS)
        raise TraceError(f"{where}: {text[:80]!r} is none of the argument kinds {kinds}")
    given = dict(zip(fields, words))
    if given.get("direction", "in") not in DIRECTIONS:
        raise TraceError(f"{where}: {given['direction']!r} is not a direction: in, out or inout")
    if match.group(1) == "VALUE" and given["type"] not in VALUE_BITS:
        raise TraceError(f"{where}: {given['type']!r} is not a type: {', '.join(VALUE_BITS)}")
    return Argument(match.group(1), words[-1], **given)
