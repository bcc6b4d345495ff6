# SPDX-License-Identifier: BSD-3-Clause
"""Compiles a trace that is replayed to the tables of QEMU's plugin (cstub/plugin/replay.h).

What goes into a recorded call, and what came of it, are places: bits of a register, or of memory
behind pointers, with their value. No addresses: buffers are where the guest has them now.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from acrn_trace.act.mock.outputs import NotRebuilt, Outputs
from acrn_trace.act.mock.replay import Replay
from acrn_trace.base.errors import TraceError
from acrn_trace.files.comparable import BUFFER_FIELDS
from acrn_trace.guest.abi import ENCODED_REGISTERS, MASK64, abi_named, abis
from acrn_trace.guest.memory import NoMemory
from acrn_trace.tables.calls import Argument, Entry
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.tables.layouts import Array, Scalar, Struct, Type
from acrn_trace.tables.pointees import pointee_of
from acrn_trace.trace.event import Event
from acrn_trace.trace.trees import REDACTED, Tree, is_change

MOST_BYTES = 1 << 28
MOST_HOPS = 2
TEXT = 48
WRITES, IN_MEMORY = 1, 2
UNKNOWN_VCPU = 0xFFFFFFFF

_HEAD = struct.Struct("<IIII")
_QUEUE = struct.Struct("<IIII")
_CALL = struct.Struct(f"<IIIIQQQ{TEXT}s")
_PLACE = struct.Struct("<BBBBIQ4I")


class Place(NamedTuple):
    """Where bits are: of a register, or behind it and the hops (bytes to a pointer, bytes beyond
    where it points)."""

    register: str
    in_memory: bool
    hops: tuple[tuple[int, int], ...] = ()
    bit: int = 0

    def at(self, bits: int) -> "Place":
        return self._replace(bit=self.bit + bits)

    def through(self, offset: int) -> "Place":
        """Behind the pointer that is so many bytes further on."""
        return self._replace(hops=(*self.hops, (self.bit // 8 + offset, 0)), bit=0)


def compile_replay(replay: Replay, knowledge: Knowledge) -> bytes:
    """TraceError for what takes the debugger, and for a trace that is too large."""
    compiler = _Compiler(knowledge)
    queues, calls, places = [], [], bytearray()
    for vcpu, waiting in replay.waiting.items():
        first = len(calls)
        for recorded in waiting:
            event = recorded.event
            if event.rax is None:
                raise TraceError(
                    f"{replay.path}: its call {event.seq}, {event.name}, never returned, where a "
                    "replay stops the guest; --engine gdb does that"
                )
            own = b"".join(compiler.places(event))
            head = (
                list(abis()).index(event.abi),
                len(own) // _PLACE.size,
                len(places) // _PLACE.size,
            )
            name = event.name.encode()[:TEXT]
            calls.append(_CALL.pack(*head, 0, event.nr, event.rax, event.seq, name))
            places += own
        queues.append(_QUEUE.pack(UNKNOWN_VCPU if vcpu is None else vcpu, first, len(calls), 0))
    if len(places) + len(calls) * _CALL.size > MOST_BYTES:
        raise TraceError(f"{replay.path} is too large for the plugin; --engine gdb replays it")
    head = _HEAD.pack(len(queues), len(calls), len(places) // _PLACE.size, 0)
    return b"".join([head, *queues, *calls, places])


class _Compiler:
    """Takes recorded calls apart, by the layouts that they were decoded with."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._table, self._types = knowledge.table, knowledge.types
        self._numbers = Outputs(knowledge.types, NoMemory())

    def places(self, event: Event) -> Iterator[bytes]:
        """Those of one call: what goes in, then what came of it."""
        entry = self._table.numbered(event.nr, event.abi)
        registers = abi_named(event.abi).arguments
        if entry is None:
            for register, value in zip(registers, event.args):
                yield _packed(Place(register, False), 64, value, False)
        else:
            for index, argument in enumerate(entry.arguments):
                yield from self._argument(entry, argument, event, registers[index])
        for name, (_, after) in event.clobbered.items():
            if name in ENCODED_REGISTERS and name not in ("rflags", "rsp"):
                yield _packed(Place(name, False), 64, after, True)

    def _argument(
        self, entry: Entry, argument: Argument, event: Event, register: str
    ) -> Iterator[bytes]:
        tree = event.decoded.get(argument.name)
        pointee = pointee_of(self._types, entry, argument, event.args)
        if pointee is None and not argument.is_pointer:
            kind = (
                self._types.type_named(argument.type or "") if argument.kind == "PACKED" else None
            )
            kind = kind if isinstance(kind, Struct) else Scalar(argument.bits // 8 or 8)
            here = Place(register, False)
            value = event.args[entry.arguments.index(argument)]
            if isinstance(kind, Scalar):
                yield _packed(here, argument.bits, value, False)
            else:
                yield from self._leaves(kind, tree, here, (True, False))
        elif pointee and isinstance(tree, (dict, list)) and "unreadable" not in tree:
            kind = self._types.type_named(pointee.type)
            sides = pointee.direction != "out", True
            whole = pointee.direction == "out"
            if kind:
                yield from self._leaves(kind, tree, Place(register, True), sides, whole)

    def _leaves(
        self, kind: Type, tree: Tree, place: Place, sides: tuple[bool, bool], whole: bool = False
    ) -> Iterator[bytes]:
        """``sides``: whether it goes in, whether it may have changed; ``whole``: it is written
        whether or not it did."""
        if is_change(tree):
            into, out = sides
            if into:
                yield from self._leaves(kind, tree["in"], place, (True, False))
            if out:
                yield from self._leaves(kind, tree["out"], place, (False, True), True)
        elif isinstance(kind, Struct) and isinstance(tree, dict):
            for member in kind.fields:
                if member.name in tree and tree[member.name] != REDACTED:
                    yield from self._member(kind, member, tree[member.name], place, sides, whole)
        elif isinstance(kind, Array) and isinstance(tree, list):
            for index, one in enumerate(tree[: kind.count]):
                there = place.at(index * kind.element.size * 8)
                yield from self._leaves(kind.element, one, there, sides, whole)
        elif isinstance(kind, Array) and isinstance(tree, str):
            yield from self._text(tree, kind.size, place, sides, whole)
        elif isinstance(kind, Scalar) and not isinstance(tree, (dict, list)):
            yield from self._number(kind, tree, kind.size * 8, place, sides, whole)

    def _member(
        self, owner: Struct, member, tree: Tree, place: Place, sides: tuple[bool, bool], whole: bool
    ) -> Iterator[bytes]:
        roles = self._types.fields.of(owner.name, member.name)
        into, out = sides
        if member.name in BUFFER_FIELDS or "OUT" in roles.plain:
            into = False
        if roles.pointee:
            if isinstance(tree, dict) and "points_to" in tree:
                target = place.through(member.bit_offset // 8)
                yield from self._behind(roles.pointee, tree["points_to"], target, sides)
            return
        there = place.at(member.bit_offset)
        if isinstance(member.type, Scalar):
            for side, part in _sides(tree, (into, out), whole):
                yield from self._number(member.type, part, member.bit_size, there, side, True)
        else:
            yield from self._leaves(member.type, tree, there, (into, out), whole)

    def _behind(self, pointee, tree: Tree, place: Place, sides: tuple[bool, bool]):
        kind = self._types.type_named(pointee.type)
        if kind is None or len(place.hops) > MOST_HOPS:
            return
        sides, whole = (sides[0] and pointee.direction != "out", True), pointee.direction == "out"
        for index, one in enumerate(tree if isinstance(tree, list) else [tree]):
            yield from self._leaves(kind, one, place.at(index * kind.size * 8), sides, whole)

    def _number(
        self,
        kind: Scalar,
        tree: Tree,
        bits: int,
        place: Place,
        sides: tuple[bool, bool],
        whole: bool,
    ) -> Iterator[bytes]:
        try:
            value = self._numbers.number(kind, tree) & (1 << bits) - 1
        except NotRebuilt:
            return
        into, out = sides
        if into:
            yield _packed(place, bits, value, False)
        if out and whole:
            yield _packed(place, bits, value, True)

    @staticmethod
    def _text(
        tree: str, size: int, place: Place, sides: tuple[bool, bool], whole: bool
    ) -> Iterator[bytes]:
        """Up to the first NUL, as it is shown; written with zeros behind it."""
        data = tree.encode("utf-8", "replace")[:size]
        into, out = sides
        for is_written in (False, True):
            if not (is_written and out and whole or not is_written and into):
                continue
            padded = data.ljust(size if is_written else min(len(data) + 1, size), b"\0")
            for at in range(0, len(padded), 8):
                part = padded[at : at + 8]
                value = int.from_bytes(part, "little")
                yield _packed(place.at(at * 8), len(part) * 8, value, is_written)


def _sides(tree: Tree, sides: tuple[bool, bool], whole: bool):
    """What goes in and what came out of one number, each with the sides that it is for."""
    into, out = sides
    if is_change(tree):
        yield (into, False), tree["in"]
        yield (False, out), tree["out"]
    else:
        yield (into, out and whole), tree


def _packed(place: Place, bits: int, value: int, is_written: bool) -> bytes:
    hops = [number for hop in place.hops for number in hop]
    flags = (WRITES if is_written else 0) | (IN_MEMORY if place.in_memory else 0)
    hops += [0] * (2 * MOST_HOPS - len(hops))
    return _PLACE.pack(
        *(ENCODED_REGISTERS.index(place.register), bits, len(place.hops), flags, place.bit),
        *(value & MASK64, *hops),
    )
