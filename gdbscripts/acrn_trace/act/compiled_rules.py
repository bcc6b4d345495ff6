# SPDX-License-Identifier: BSD-3-Clause
"""Compiles rules of injection, and fixed results, to the tables of QEMU's plugin (plugin/rules.h).

The plugin parses nothing: which calls, which bits of what, and how it is told are all said here.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping

from acrn_trace.act.inject_grammar import Rule, resolve
from acrn_trace.act.inject_poke import Place, Places
from acrn_trace.base.errors import TraceError
from acrn_trace.guest.abi import ENCODED_REGISTERS, MASK64, UNKNOWN, abis
from acrn_trace.tables.call_selection import CallRange, CallSelection
from acrn_trace.tables.calls import CallId, CallTable
from acrn_trace.tables.knowledge import Knowledge

MOST = 64  # rules
TEXT = 48  # bytes, of what is told of one thing
HOPS = 4  # pointers on the way to a field
ANSWERS, IS_MOCK = 1, 2
ANY_ABI = 0xFFFFFFFF
ANY_CALL = CallRange("", 0, MASK64)

_HEAD = struct.Struct("<IIII")
_RULE = struct.Struct(f"<II6Q{TEXT}s{TEXT}s{TEXT}s")
_CALLS = struct.Struct("<IIQQ")
_HOP = struct.Struct("<6I")
_POKE = struct.Struct("<4IQQ4IQ")


def compile_rules(
    rules: Iterable[Rule], fixed: Mapping[CallId, int], knowledge: Knowledge
) -> bytes:
    """The tables, or nothing where there is nothing to do. TraceError for what takes the debugger.

    ``fixed``: what mocked calls return, where no rule answers.
    """
    rules = list(rules)
    by_result: dict[int, list[CallRange]] = {}
    for call, result in fixed.items():
        by_result.setdefault(result & MASK64, []).append(CallRange.of(call))
    if len(rules) + len(by_result) > MOST:
        raise TraceError(f"the plugin has room for {MOST} rules and results; give it fewer")
    heads = [_rule(rule) for rule in rules]
    heads += [
        _RULE.pack(ANSWERS | IS_MOCK, 0, ret, 0, 0, 1, MASK64, 1, *[b""] * 3) for ret in by_result
    ]
    calls = [
        (i, one) for i, rule in enumerate(rules) for one in _ranges(rule.calls, knowledge.table)
    ]
    calls += [(len(rules) + i, one) for i, found in enumerate(by_result.values()) for one in found]
    pokes = [poke for index, rule in enumerate(rules) for poke in _pokes(index, rule, knowledge)]
    if not heads:
        return b""
    head = _HEAD.pack(len(heads), len(calls), len(pokes), 0)
    told = [_CALLS.pack(index, *_packed(one)) for index, one in calls]
    return b"".join([head, *heads, *told, *pokes])


def _rule(rule: Rule) -> bytes:
    last = MASK64 if rule.when.last is None else rule.when.last
    delays = [(name, getattr(rule, name)) for name in ("delay_enter", "delay_exit")]
    return _RULE.pack(
        0 if rule.answer is None else ANSWERS,
        0,
        rule.answer or 0,
        *(int(seconds * 1e9) for _, seconds in delays),
        *(min(number, MASK64) for number in (rule.when.first, last, rule.when.step)),
        _text(rule, rule.answers_with),
        *(_text(rule, f"{name}={seconds * 1e6:.6g}us") for name, seconds in delays),
    )


def _text(rule: Rule, text: str) -> bytes:
    if len(text) > TEXT or not text.isascii():
        raise _takes_a_stop(rule, f"{text} is longer than the {TEXT} letters that are kept of it")
    return text.encode()


def _takes_a_stop(rule: Rule, why: str) -> TraceError:
    return TraceError(f"-e {rule.text}: --engine plugin cannot: {why}; --engine gdb does it")


def _ranges(selection: CallSelection, table: CallTable) -> Iterator[CallRange]:
    """Those of the calls that are selected by number, and of those in the table by name."""
    if selection.everything:
        yield ANY_CALL
        return
    yield from (one for one in selection.ranges if one.abi != UNKNOWN)
    for entry in table:
        if selection.has_name(entry.name):
            yield CallRange.of(entry.id)


def _packed(one: CallRange) -> tuple[int, int, int]:
    row = ANY_ABI if one is ANY_CALL else list(abis()).index(one.abi)
    return row, one.first, one.last


def _pokes(index: int, rule: Rule, knowledge: Knowledge) -> Iterator[bytes]:
    """A register is poked in each call; a field in each call of the table that has it."""
    places = Places(knowledge)
    for side, (kind, pokes) in enumerate(
        (("poke_enter", rule.poke_enter), ("poke_exit", rule.poke_exit))
    ):
        for path, text in pokes:
            told = _text(rule, f"{kind} {path}")
            for one, place, value in _places(rule, path, text, places, knowledge):
                if place.struct and knowledge.types.says_size(place.struct):
                    raise _takes_a_stop(rule, f"struct {place.struct.name} says its own size")
                yield _poke(rule, (index, side), one, place, value, told)


def _places(
    rule: Rule, path: str, text: str, places: Places, knowledge: Knowledge
) -> Iterator[tuple[CallRange, Place, int]]:
    entries = [entry for entry in knowledge.table if rule.calls.has(entry.id, entry.name)]
    resolved = [(entry, *resolve(path, text, entry, places, knowledge)) for entry in entries]
    if resolved and resolved[0][1].bit_size == 64 and not resolved[0][1].in_memory:
        same = {(place, value) for _, place, value in resolved}
        if len(same) == 1 and resolved[0][1].name in ENCODED_REGISTERS:
            yield ANY_CALL, *resolved[0][1:]
            return
    for entry, place, value in resolved:
        yield CallRange.of(entry.id), place, value


def _poke(
    rule: Rule, of: tuple[int, int], one: CallRange, place: Place, value: int, told: bytes
) -> bytes:
    if place.register not in ENCODED_REGISTERS:
        raise _takes_a_stop(rule, "QEMU does not tell its plugins the flags")
    if len(place.hops) > HOPS:
        raise _takes_a_stop(rule, f"{place.name} is behind more than {HOPS} pointers")
    hops = [
        _HOP.pack(hop.offset, hop.size, hop.beyond, hop.index, *(hop.count or (0, 0)))
        for hop in place.hops
    ]
    row, first, last = _packed(one)
    head = _POKE.pack(
        *(*of, row, ENCODED_REGISTERS.index(place.register), first, last),
        *(place.in_memory, len(hops), place.bit_offset, place.bit_size, value),
    )
    return head + b"".join(hops).ljust(HOPS * _HOP.size, b"\0") + told.ljust(TEXT, b"\0")
