# SPDX-License-Identifier: BSD-3-Clause
"""Hands a filter to cstub/decode/filter.c, and takes back which values calls had."""

import ctypes
from functools import lru_cache

from acrn_trace.guest.abi import MASK64
from acrn_trace.tables.calls import CallTable
from acrn_trace.trace.filters import Filter, Kind, PlainCondition

MAX_ANSWERS = 4096  # on numbers that the table does not have, of which a guest may have any

_HasUnknown = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_uint64)


class Condition(ctypes.Structure):
    """struct condition."""

    _fields_ = [
        ("kind", ctypes.c_uint32),
        ("is_negated", ctypes.c_uint32),
        ("numbers", ctypes.c_uint32),
        ("texts", ctypes.c_uint32),
        ("groups", ctypes.c_uint32),
        ("number", ctypes.POINTER(ctypes.c_uint64)),
        ("text", ctypes.POINTER(ctypes.c_char_p)),
        ("group", ctypes.POINTER(ctypes.c_uint64)),
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
    condition.groups, condition.group = len(plain.groups), _numbers(plain.groups)
    if plain.saw:
        condition.seen = (ctypes.c_uint8 * len(plain.values))()
    if plain.has_unknown:
        condition.has_unknown = _HasUnknown(lru_cache(MAX_ANSWERS)(plain.has_unknown))
    return condition


def _numbers(values: tuple[int, ...]) -> ctypes.Array:
    return (ctypes.c_uint64 * len(values))(*values)
