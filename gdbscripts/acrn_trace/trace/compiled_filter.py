# SPDX-License-Identifier: BSD-3-Clause
"""Hands a filter to cstub/decode/filter.c, and takes back which values calls had."""

import ctypes
from collections.abc import Callable
from functools import lru_cache

from acrn_trace.guest.abi import MASK64, UNKNOWN, abis
from acrn_trace.tables.calls import CallTable
from acrn_trace.trace.filters import Filter, Kind, PlainCondition

MAX_ANSWERS = 4096  # on numbers that the table does not have, of which a guest may have any

UNKNOWN_ABI = 0xFFFF_FFFF

_HasUnknown = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_uint32, ctypes.c_uint64)


class Range(ctypes.Structure):
    """struct call_range."""

    _fields_ = [
        ("abi", ctypes.c_uint32),
        ("first", ctypes.c_uint64),
        ("last", ctypes.c_uint64),
    ]


class Condition(ctypes.Structure):
    """struct condition."""

    _fields_ = [
        ("kind", ctypes.c_uint32),
        ("is_negated", ctypes.c_uint32),
        ("numbers", ctypes.c_uint32),
        ("texts", ctypes.c_uint32),
        ("ranges", ctypes.c_uint32),
        ("number", ctypes.POINTER(ctypes.c_uint64)),
        ("text", ctypes.POINTER(ctypes.c_char_p)),
        ("range", ctypes.POINTER(Range)),
        ("seen", ctypes.POINTER(ctypes.c_uint8)),
        ("has_unknown", _HasUnknown),
    ]


class CompiledFilter:
    """The ``conditions`` of ``selected``, for calls that have their names from ``table``."""

    def __init__(self, selected: Filter, table: CallTable) -> None:
        self._filter = selected
        self._plain = [_without_impossible(plain) for plain in selected.plain(table)]
        self._kept = [_condition(plain) for plain in self._plain]  # with what they refer to
        self.conditions = (Condition * len(self._kept))(*self._kept)

    def take_back(self, calls: int) -> None:
        """Tell the filter what it needs for its remarks: C was asked of so many calls."""
        if calls:
            self._filter.was_asked()
        for plain, condition in zip(self._plain, self.conditions):
            if plain.saw:
                plain.saw([value for i, value in enumerate(plain.values) if condition.seen[i]])


def _without_impossible(plain: PlainCondition) -> PlainCondition:
    """Only numbers that a call can have: of a vCPU, the user may have given any."""
    if plain.kind != Kind.VCPU:
        return plain
    plain.values = tuple(value for value in plain.values if value <= MASK64)
    return plain


def _condition(plain: PlainCondition) -> Condition:
    condition = Condition(plain.kind, plain.is_negated)
    if plain.kind in (Kind.SITE, Kind.FINDING):
        texts = [text.encode("utf-8", "surrogateescape") for text in plain.values]
        condition.texts, condition.text = len(texts), (ctypes.c_char_p * len(texts))(*texts)
    else:
        condition.numbers, condition.number = len(plain.values), _numbers(plain.values)
    ranges = [Range(_index(one.abi), one.first, one.last) for one in plain.ranges]
    condition.ranges, condition.range = len(ranges), (Range * len(ranges))(*ranges)
    if plain.saw:
        condition.seen = (ctypes.c_uint8 * len(plain.values))()
    if plain.has_unknown:
        condition.has_unknown = _has_unknown(plain.has_unknown)
    return condition


def _has_unknown(by_name: Callable[[int, str], bool]) -> object:
    names = dict(enumerate(abis()))

    @lru_cache(MAX_ANSWERS)
    def answer(abi: int, number: int) -> bool:
        return by_name(number, names.get(abi, UNKNOWN))

    return _HasUnknown(answer)


def _index(abi: str) -> int:
    names = list(abis())
    return names.index(abi) if abi in names else UNKNOWN_ABI


def _numbers(values: tuple[int, ...]) -> ctypes.Array:
    return (ctypes.c_uint64 * len(values))(*values)
