# SPDX-License-Identifier: BSD-3-Clause
"""Compiles what is known of hypervisors to the table that the decoder in C reads.

``python3 -m acrn_trace.tables.compiled FILE`` writes the newest release's, for everyone who brings
nothing of his own. The format is that of cstub/decode/table.h.
"""

import sys
from pathlib import Path
from typing import Iterable

from acrn_trace.base.errors import TraceError
from acrn_trace.guest.abi import ENCODED_REGISTERS, MASK64, Abi, abis
from acrn_trace.tables.calls import Argument, Entry
from acrn_trace.tables.compiled_types import DIRECTIONS, Case, TypeCompiler
from acrn_trace.tables.errnos import errors_of
from acrn_trace.tables.fields import ANY, Pointee
from acrn_trace.tables.knowledge import Knowledge, acrn
from acrn_trace.tables.layouts import Field, Scalar, Struct
from acrn_trace.tables.results import ResultRules
from acrn_trace.tables.sections import NONE, Sections

KINDS = {"VALUE": 1, "VMID": 2, "ENUM": 3, "PACKED": 4, "PTR": 5, "ADDR": 6, "PASS": 7}
QUOTED = 1
ZERO_FAILED_IF, ZERO_PROVES_NOTHING, EINVAL_MEANS_ADDRESS = 1, 2, 3
VAGUE = 1
_BIT = Field("", 0, 1, Scalar(1))
STATUS, LOSES_ARGUMENTS = 1, 2


def compiled(knowledge: Knowledge) -> bytes:
    """The table's bytes; TraceError if it is too large, or ACRN's layouts cannot be read."""
    return _Compiler(knowledge).table()


class _Compiler:
    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._sections = Sections()
        self._types = TypeCompiler(self._sections, knowledge.types)

    def table(self) -> bytes:
        for entry in self._knowledge.table:
            for argument in entry.arguments:
                self._type(argument)
                for pointee in self._cases(entry, argument)[1].values():
                    self._types.named(pointee.type)
        self._types.finish()
        for index, abi in enumerate(abis().values()):
            self._abi(abi)
            self._errors(index, abi)
        for entry in self._knowledge.table:
            self._call(entry)
        return self._sections.packed(self._knowledge.table.checksum)

    def _abi(self, abi: Abi) -> None:
        number = ENCODED_REGISTERS.index
        arguments = bytes(map(number, abi.arguments))
        flags = STATUS * (abi.result_type == "status") | LOSES_ARGUMENTS * abi.loses_arguments
        self._sections.add(
            "abis",
            *(self._sections.text(abi.name), number(abi.number), len(arguments)),
            *(arguments.ljust(6, b"\0"), number(abi.result), flags),
            *(_mask(abi.lost), abi.number_base, abi.number_index),
        )

    def _errors(self, index: int, abi: Abi) -> None:
        errors = errors_of(abi.name)
        for number, words in sorted(errors.by_number.items()):
            name, text = map(self._sections.text, words)
            is_vague = number in errors.vague
            self._sections.add("errors", number, name, text, index, VAGUE * is_vague)

    def _call(self, entry: Entry) -> None:
        rules = self._knowledge.results
        arguments = [self._argument(entry, argument) for argument in entry.arguments]
        self._sections.add(
            "calls",
            *(entry.number, self._sections.text(entry.plain_name)),
            *self._sections.add_all("arguments", arguments),
            _mask(rules.may_change.get(entry.name, ())),
            *self._sections.add_all("result rules", self._result_rules(rules, entry.name)),
            *(list(abis()).index(entry.abi), self._sections.text(entry.name)),
        )

    def _argument(self, entry: Entry, argument: Argument) -> tuple[int, ...]:
        is_quoted = argument.name in self._knowledge.types.fields.text_fields
        return (
            KINDS[argument.kind],
            DIRECTIONS[argument.direction],
            argument.bits,
            QUOTED * is_quoted,
            self._sections.text(argument.name),
            self._type(argument),
            self._types.enum(argument.type) if argument.kind == "ENUM" else NONE,
            self._selection(entry, argument),
        )

    def _type(self, argument: Argument) -> int:
        """Of a pointer what it points at, of a packed structure that."""
        name = argument.type or ""
        if argument.kind == "PTR":
            return self._types.pointee(name)
        is_struct = isinstance(self._knowledge.types.type_named(name), Struct)
        return self._types.named(name) if argument.kind == "PACKED" and is_struct else NONE

    def _cases(self, entry: Entry, argument: Argument):
        """What says what an address leads to, and where to."""
        pointees = self._knowledge.types.fields.pointees
        unknown = ("", {})
        key = entry.name, argument.name
        return pointees.get(key, unknown) if argument.kind == "ADDR" else unknown

    def _selection(self, entry: Entry, argument: Argument) -> int:
        selector, cases = self._cases(entry, argument)
        if selector == ANY:  # by a bit, whichever it is
            return self._types.selection(0, _BIT, self._targets(entry, {0: cases[0], 1: cases[0]}))
        name, _, part = selector.partition(".")
        index = next((at for at, one in enumerate(entry.arguments) if one.name == name), NONE)
        number = self._number(entry.arguments[index], part) if index != NONE else None
        if number is None:
            return NONE
        return self._types.selection(index, number, self._targets(entry, cases))

    def _targets(self, entry: Entry, cases: dict[int, Pointee]) -> list[Case]:
        targets = [
            (value, self._types.named(to.type), DIRECTIONS[to.direction], _counter(entry, to))
            for value, to in cases.items()
        ]
        return [one for one in targets if one[1] != NONE]

    def _number(self, argument: Argument, part: str) -> Field | None:
        """The number that an argument is, or that is the field ``part`` of a packed one."""
        kind = self._knowledge.types.type_named(argument.type or "")
        if not isinstance(kind, Struct):
            return Field("", 0, argument.bits, Scalar(argument.bits // 8))
        fields = (field for field in kind.fields if field.name == part)
        return next((field for field in fields if field.bit_offset + field.bit_size <= 64), None)

    def _result_rules(self, rules: ResultRules, call: str) -> Iterable[tuple[int, ...]]:
        text = self._sections.text
        if call in rules.failed_if:
            path, value, why = rules.failed_if[call]
            yield ZERO_FAILED_IF, text(why), text(path), 0, value & MASK64
        if call in rules.proves_nothing:
            yield ZERO_PROVES_NOTHING, text(rules.proves_nothing[call]), NONE, 0, 0
        if call in rules.address_at_fault:
            yield EINVAL_MEANS_ADDRESS, NONE, text(rules.address_at_fault[call]), 0, 0


def _mask(registers: Iterable[str]) -> int:
    """The bit of each register; the flags have one under either name."""
    names = ["rflags" if name == "eflags" else name for name in registers]
    return sum(1 << bit for bit, name in enumerate(ENCODED_REGISTERS) if name in names)


def _counter(entry: Entry, to: Pointee) -> int:
    """The argument that says how many of it there are, from 1; 0: one."""
    names = [one.name for one in entry.arguments]
    return names.index(to.count) + 1 if to.count in names else 0


def main(path: str) -> int:
    """Write the newest release's table to ``path``; the exit status."""
    try:
        Path(path).write_bytes(compiled(acrn()))
    except TraceError as error:
        print(f"acrn-trace: {error}", file=sys.stderr)
        return error.status
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
