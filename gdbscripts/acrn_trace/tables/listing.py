# SPDX-License-Identifier: BSD-3-Clause
"""Finds and lists calls for people, by number, by name, or by anything that is shown of them."""

import re
from collections.abc import Iterable, Iterator, Mapping

from acrn_trace.base.errors import TraceError
from acrn_trace.base.suggest import suggest
from acrn_trace.guest.abi import abis
from acrn_trace.tables.calls import CallTable, Entry

_LOW_32, _ALL_64 = 0xFFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF


def call_lines(table: CallTable, text: str, remarks: Mapping[str, str]) -> Iterator[str]:
    """The calls that ``text`` means, with their arguments as the table has them and a remark;
    of ``kvm:TEXT`` KVM's alone.

    TraceError, with a name that is near, where it means none.
    """
    abi, colon, rest = text.partition(":")
    if colon and abi in abis():
        found = _found([entry for entry in table if entry.abi == abi], rest, remarks)
    else:
        found = _found(list(table), text, remarks)
    if not found:
        names = [entry.name for entry in table]
        hint = suggest(text, names, "without an argument all are listed")
        raise NoCall(f"no call matches {text!r}{hint}")
    return (_line(entry, remarks) for entry in found)


class NoCall(TraceError):
    """What was looked for is not there, as grep's status says it."""

    status = 1


def _found(table: list[Entry], text: str, remarks: Mapping[str, str]) -> list[Entry]:
    """By the number if it is one's, else by the name, else by the whole line."""
    numbers, wanted = _numbers(text), _regular_expression(text)
    searches: tuple[Iterable[Entry], ...] = (
        (entry for entry in table if entry.number in numbers),
        (entry for entry in table if wanted.search(entry.name)),
        (entry for entry in table if wanted.search(_line(entry, remarks))),
    )
    return next(filter(None, map(list, searches)), [])


def _numbers(text: str) -> set[int]:
    """What ``text`` may mean as a number: hexadecimal with or without 0x, decimal.

    A number of 32 bits that an int has extended by its sign is the one that it was before.
    """
    numbers = set()
    for base in (0, 16):
        try:
            number = int(text, base)
        except ValueError:
            continue
        if not -(1 << 63) <= number <= _ALL_64:
            continue
        number &= _ALL_64
        is_extended = number >> 31 == _ALL_64 >> 31
        numbers.add(number & _LOW_32 if is_extended else number)
    return numbers


def _line(entry: Entry, remarks: Mapping[str, str]) -> str:
    arguments = ", ".join(map(str, entry.arguments))
    remark = f"  {remarks[entry.name]}" if entry.name in remarks else ""
    return f"{entry.number:#010x} {entry.name}({arguments}){remark}"


def _regular_expression(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise TraceError(f"{text!r} is not a regular expression: {error}") from None
