# SPDX-License-Identifier: BSD-3-Clause
"""Finds and writes what a poke changes: a register, or a field of an argument in guest memory."""

import re
from dataclasses import dataclass, replace

from acrn_trace.base.errors import TraceError
from acrn_trace.base.suggest import suggest
from acrn_trace.guest.abi import GENERAL_REGISTERS, MASK64
from acrn_trace.guest.memory import PhysicalMemory, Unreadable
from acrn_trace.tables.calls import Argument, Entry
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.tables.layouts import Array, Hidden, Scalar, Struct, Type
from acrn_trace.tables.pointees import bytes_of
from acrn_trace.tables.types import Types

REGISTERS = (*GENERAL_REGISTERS, "rflags")
_STEP = re.compile(r"\.?([A-Za-z_]\w*)|\[(\w+)\]")


@dataclass(frozen=True)
class Hop:
    """A pointer on the way: where in its structure it is, and where behind it the way goes on."""

    offset: int  # bytes
    size: int  # bytes, of the pointer
    beyond: int  # bytes from where it points
    count: tuple[int, int] | None = None  # bit offset and size of the count of elements
    index: int = 0


@dataclass(frozen=True)
class Place:
    """So many bits of a register, or of memory that pointers lead to from a register."""

    name: str
    register: str
    bit_offset: int = 0
    bit_size: int = 64
    scalar: Scalar = Scalar(8)
    in_memory: bool = False
    hops: tuple[Hop, ...] = ()
    struct: Struct | None = None  # that the register points at


class Pending:
    """Guest memory as it will be, once the writes that wait are made."""

    def __init__(self, memory: PhysicalMemory) -> None:
        self._memory = memory
        self.writes: list[tuple[int, bytes]] = []

    def read(self, address: int, size: int) -> bytes:
        data = bytearray(self._memory.read(address, size))
        for at, written in self.writes:
            for offset, byte in enumerate(written, at - address):
                if 0 <= offset < size:
                    data[offset] = byte
        return bytes(data)


def poke(place: Place, value: int, registers: dict[str, int], memory: Pending) -> tuple[int, int]:
    """Put ``value`` there: in ``registers``, or among the writes of ``memory``; before and after.

    Unreadable where the guest's pointers do not lead to memory.
    """
    mask = (1 << place.bit_size) - 1 << place.bit_offset
    if place.in_memory:
        address = _address(place, registers, memory)
        first, end = place.bit_offset // 8, -(-(place.bit_offset + place.bit_size) // 8)
        data = memory.read(address + first, end - first)
        whole = int.from_bytes(data, "little") << first * 8
        changed = whole & ~mask | value << place.bit_offset & mask
        written = (changed >> first * 8).to_bytes(end - first, "little")
        memory.writes.append((address + first, written))
    else:
        whole = registers[place.register]
        changed = registers[place.register] = whole & ~mask & MASK64 | value << place.bit_offset
    return tuple((number & mask) >> place.bit_offset for number in (whole, changed))


def _address(place: Place, registers: dict[str, int], memory: Pending) -> int:
    address = registers[place.register]
    for hop in place.hops:
        if hop.count:
            offset, size = hop.count
            first, end = offset // 8, -(-(offset + size) // 8)
            data = int.from_bytes(memory.read(address + first, end - first), "little")
            count = data >> offset % 8 & (1 << size) - 1
            if hop.index >= count:
                raise Unreadable(f"it has {count} elements")
        pointer = memory.read(address + hop.offset, hop.size)
        address = int.from_bytes(pointer, "little") + hop.beyond & MASK64
    return address


class Places:
    """Finds the place that a path names, by the layouts that the decoder uses."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._types = knowledge.types
        self._registers = knowledge.abi.arguments

    def find(self, path: str, entry: Entry | None, call: str) -> Place:
        """The place of ``rsi`` or ``vm.vmid`` in a call; TraceError if it has none of that name."""
        register = path.removeprefix("$").lower()
        if register in REGISTERS:
            name = "eflags" if register == "rflags" else register
            return Place(register, name)
        steps = _steps(path)
        arguments = entry.arguments if entry else ()
        for argument, name in zip(arguments, self._registers):
            if argument.name == steps[0]:
                return self._in_argument(path, argument, name, steps[1:])
        names = [argument.name for argument in arguments]
        raise TraceError(
            f"{path}: {call} has no argument {steps[0]!r}, and no register is named so"
            f"{suggest(str(steps[0]), names)}"
        )

    def may_be_shown(self, place: Place, registers: dict[str, int], memory: Pending) -> bool:
        """Whether what is there is no secret; Unreadable behind the end that a structure says."""
        struct = place.struct
        if struct is None or place.hops or self._types.says_size(struct) is None:
            return True
        data = bytes_of(self._types, struct, registers[place.register], memory)
        end = place.bit_offset + place.bit_size
        for field in self._types.laid_out(struct, data).fields:
            if field.bit_offset <= place.bit_offset and end <= field.bit_offset + field.bit_size:
                return not isinstance(field.type, Hidden)
        raise Unreadable(f"the structure says that it has {len(data)} bytes")

    def _in_argument(
        self, path: str, argument: Argument, register: str, steps: list[str | int]
    ) -> Place:
        if argument.kind == "ADDR":
            raise TraceError(
                f"{path}: what {argument.name} points at depends on the other argument; "
                f"poke {register}"
            )
        kind = self._types.type_named(argument.type or "")
        if argument.kind == "PTR":
            if kind is None:
                raise TraceError(f"{path}: no layout of struct {argument.type} is known")
            struct = kind if isinstance(kind, Struct) else None
            there = Place(path, register, in_memory=True, struct=struct)
            return self._walk(path, there, kind, steps)
        if argument.kind == "PACKED" and isinstance(kind, Struct):
            return self._walk(path, Place(path, register), kind, steps)
        if steps:
            raise TraceError(f"{path}: {argument.name} is a number and has no field {steps[0]!r}")
        enum = argument.type if argument.kind == "ENUM" else None
        return Place(path, register, 0, argument.bits, Scalar(argument.bits // 8, enum=enum))

    def _walk(self, path: str, place: Place, kind: Type, steps: list[str | int]) -> Place:
        offset, size, hops = 0, kind.size * 8, list(place.hops)
        pointed: tuple[Struct, int, object] | None = None  # a pointer that was the latest step
        for step in steps:
            if pointed:
                kind, index = self._pointed(path, pointed, step, hops)
                offset, size, pointed = 0, kind.size * 8, None
                if index:
                    continue
            if isinstance(step, int):
                kind = _element(path, kind, step)
                offset, size = offset + step * kind.size * 8, kind.size * 8
                continue
            struct, field = _field(path, kind, step)
            roles = self._types.fields.of(struct.name, field.name)
            pointed = (struct, offset, field) if roles.pointee else None
            kind, offset, size = field.type, offset + field.bit_offset, field.bit_size
        if not isinstance(kind, Scalar):
            what = f"an array of {kind.count}" if isinstance(kind, Array) else "a structure"
            raise TraceError(f"{path} is {what}; name one number in it")
        return replace(place, bit_offset=offset, bit_size=size, scalar=kind, hops=tuple(hops))

    def _pointed(self, path: str, pointed: tuple, step: str | int, hops: list[Hop]):
        """Through a pointer: the type behind it, and whether ``step`` was its index."""
        struct, base, field = pointed
        pointee = self._types.fields.of(struct.name, field.name).pointee
        kind = self._types.type_named(pointee.type)
        if kind is None:
            raise TraceError(f"{path}: no layout of struct {pointee.type} is known")
        index = step if isinstance(step, int) else 0
        if index and pointee.count is None:
            raise TraceError(f"{path}: {field.name} points at one {pointee.type}, not at an array")
        count = None
        for other in struct.fields:
            if other.name == pointee.count:
                count = (base + other.bit_offset, other.bit_size)
        at = (base + field.bit_offset) // 8
        hops.append(Hop(at, field.bit_size // 8, index * kind.size, count, index))
        return kind, isinstance(step, int)


def _steps(path: str) -> list[str | int]:
    steps: list[str | int] = []
    at = 0
    while at < len(path):
        match = _STEP.match(path, at)
        index = match and match.group(2)
        if match is None or (at == 0 and index) or (index and not index.isdigit()):
            raise TraceError(f"{path!r} is no register and no path like vm.vmid or regs.gprs[2]")
        steps.append(int(index) if index else match.group(1))
        at = match.end()
    return steps or [path]


def _element(path: str, kind: Type, index: int) -> Type:
    if not isinstance(kind, Array):
        raise TraceError(f"{path}: what stands before [{index}] is no array")
    if index >= kind.count:
        raise TraceError(f"{path} is outside the structure: the array has {kind.count} elements")
    return kind.element


def _field(path: str, kind: Type, name: str):
    if not isinstance(kind, Struct):
        raise TraceError(f"{path}: what stands before .{name} is no structure")
    for field in kind.fields:
        if field.name == name:
            return kind, field
    raise TraceError(
        f"{path}: struct {kind.name} has no field {name!r}"
        f"{suggest(name, [field.name for field in kind.fields])}"
    )


def value_for(text: str, place: Place, types: Types) -> int:
    """The unsigned bits of ``text``, a number or an enumeration's names; TraceError if none fit."""
    names = types.enum_named(place.scalar.enum) if place.scalar.enum else {}
    numbers = {name: number for number, name in names.items()}
    try:
        value = 0
        for word in text.split("|"):
            value |= numbers[word] if word in numbers else int(word, 0)
    except ValueError:
        raise TraceError(
            f"{place.name}={text}: {text!r} is no number{suggest(text, numbers) if numbers else ''}"
        ) from None
    if not -(1 << place.bit_size - 1) <= value < 1 << place.bit_size:
        raise TraceError(f"{place.name}={text} does not fit in its {place.bit_size} bits")
    return value & (1 << place.bit_size) - 1
