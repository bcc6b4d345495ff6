# SPDX-License-Identifier: BSD-3-Clause
"""Shows a structure in guest memory as Python attributes: ``call.vm.vmid = 1``.

Memory is read when a field is asked for, and written to when one is set; a value that does not fit
its field, a field that is not there and a place past an array's end are errors.
"""

from typing import Any, Iterator, Mapping

from acrn_trace.base.suggest import suggest_inside
from acrn_trace.guest.abi import GENERAL_REGISTERS
from acrn_trace.guest.pending_memory import PendingMemory
from acrn_trace.tables.layouts import Array, Field, Hidden, Scalar, Struct, Type
from acrn_trace.tables.pointees import bytes_of
from acrn_trace.tables.types import Types, field_value
from acrn_trace.trace.trees import MAX_ELEMENTS

View = Any
# What a model may set but for the result, and how many bits each has.
BITS = {name: 64 for name in GENERAL_REGISTERS} | {"eflags": 32}


class Place:
    """Where views read and write, and by what."""

    def __init__(self, types: Types, memory: PendingMemory) -> None:
        self.types = types
        self.memory = memory

    def view(self, kind: Type, address: int, roles: frozenset[str] = frozenset()) -> View:
        """What is at ``address``: a number, or a view of more than that."""
        if isinstance(kind, Struct):
            return StructureView(self, self._as_it_says(kind, address), address)
        if isinstance(kind, Array) and "TEXT" in roles:
            data = self.memory.read(address, kind.size)
            return data.partition(b"\0")[0].decode("utf-8", "backslashreplace")
        if isinstance(kind, Array):
            return ArrayView(self, kind, address)
        return _number(self.memory.read(address, kind.size), kind.size * 8, kind.signed)

    def _as_it_says(self, struct: Struct, address: int) -> Struct:
        """The structure as it says that it is laid out; a count limits nobody who fills it."""
        names = self.types.says_size(struct)
        if names is None or names[1]:
            return struct
        data = bytes_of(self.types, struct, address, self.memory)
        return self.types.laid_out(struct, data)

    def set(self, kind: Type, address: int, value: Any, name: str) -> None:
        """Write ``value`` to what is at ``address``; ``name`` is what an error calls it."""
        if isinstance(kind, Scalar):
            self.memory.write(address, encoded(value, kind.size * 8, name))
        elif isinstance(value, (str, bytes)) and isinstance(kind, Array) and kind.element.size == 1:
            self.memory.write(address, _characters(value, kind.count, name))
        elif isinstance(kind, Array):
            self._set_elements(kind, address, value, name)
        else:
            raise TypeError(f"{name} is a structure: set its fields")

    def _set_elements(self, kind: Array, address: int, value: Any, name: str) -> None:
        elements = list(value)
        if len(elements) > kind.count:
            raise ValueError(f"{name} has {kind.count} elements, and {len(elements)} were given")
        for index, element in enumerate(elements):
            self.set(kind.element, address + index * kind.element.size, element, f"{name}[{index}]")


class StructureView:
    """A structure or union at a guest-physical ``address``."""

    __slots__ = ("_place", "_struct", "_address")

    def __init__(self, place: Place, struct: Struct, address: int) -> None:
        object.__setattr__(self, "_place", place)
        object.__setattr__(self, "_struct", struct)
        object.__setattr__(self, "_address", address)

    @property
    def physical_address(self) -> int:
        """Guest-physical."""
        return self._address

    def __getitem__(self, name: str) -> View:
        field = self._field(name)
        start = self._address + field.bit_offset // 8
        if _is_bits(field):
            return self._bits(field)
        roles = self._place.types.fields.of(self._struct.name, field.name).plain
        return self._place.view(field.type, start, roles)

    def __setitem__(self, name: str, value: Any) -> None:
        field = self._field(name)
        if _is_bits(field):
            self._set_bits(field, value)
            return
        start = self._address + field.bit_offset // 8
        self._place.set(field.type, start, value, f"{self._struct.name}.{name}")

    def __getattr__(self, name: str) -> View:
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __dir__(self) -> list[str]:
        return [field.name for field in self._struct.fields]

    def points_to(self, name: str) -> View:
        """What the pointer in a field leads to: a structure, or as many as the count field says."""
        field = self._field(name)
        types = self._place.types
        pointee = types.fields.of(self._struct.name, field.name).pointee
        kind = types.type_named(pointee.type) if pointee else None
        if pointee is None or kind is None:
            raise AttributeError(f"{self._struct.name}.{name} is no pointer to a known structure")
        if pointee.count is None:
            return self._place.view(kind, self[name])
        whole = int.from_bytes(self._place.memory.read(self._address, self._struct.size), "little")
        count = min(field_value(self._struct, pointee.count, whole) or 0, MAX_ELEMENTS)
        return ArrayView(self._place, Array(kind, count), self[name])

    def _field(self, name: str) -> Field:
        for field in self._struct.fields:
            if name in (field.name, self._acrns_name(field)):
                return self._no_secret(field)
        known = self.__dir__()
        hint = suggest_inside(name, known) or f"; it has {', '.join(known)}"
        raise AttributeError(f"{self._struct.name} has no field {name}{hint}")

    def _no_secret(self, field: Field) -> Field:
        if isinstance(field.type, Hidden):
            raise AttributeError(
                f"{self._struct.name}.{field.name} is a secret, or may be one where the structure "
                "says that it has this size; call.memory reads it"
            )
        return field

    def _acrns_name(self, field: Field) -> str | None:
        """ACRN's name for a field that the guest's own debug information names otherwise."""
        ours = self._place.types.layouts.structs.get(self._struct.name)
        for mine in ours.fields if ours else ():
            if (mine.bit_offset, mine.bit_size) == (field.bit_offset, field.bit_size):
                return mine.name
        return None

    def _bits(self, field: Field) -> int:
        raw = self._covering(field)
        bits = int.from_bytes(self._place.memory.read(raw, _covered(field)), "little")
        value = bits >> field.bit_offset % 8 & (1 << field.bit_size) - 1
        signed = isinstance(field.type, Scalar) and field.type.signed
        return value - (1 << field.bit_size) if signed and value >> field.bit_size - 1 else value

    def _set_bits(self, field: Field, value: Any) -> None:
        name = f"{self._struct.name}.{field.name}"
        new = int.from_bytes(encoded(value, field.bit_size, name), "little")
        start, size, shift = self._covering(field), _covered(field), field.bit_offset % 8
        whole = int.from_bytes(self._place.memory.read(start, size), "little")
        mask = (1 << field.bit_size) - 1 << shift
        whole = whole & ~mask | new << shift
        self._place.memory.write(start, whole.to_bytes(size, "little"))

    def _covering(self, field: Field) -> int:
        return self._address + field.bit_offset // 8


class ArrayView:
    """An array at a guest-physical address."""

    def __init__(self, place: Place, array: Array, address: int) -> None:
        self._place, self._array, self._address = place, array, address

    def __len__(self) -> int:
        return self._array.count

    def __getitem__(self, index: int) -> View:
        return self._place.view(self._array.element, self._at(index))

    def __setitem__(self, index: int, value: Any) -> None:
        self._place.set(self._array.element, self._at(index), value, f"element {index}")

    def __iter__(self) -> Iterator[View]:
        return (self[index] for index in range(len(self)))

    def _at(self, index: int) -> int:
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(f"element {index} is outside of the array, which has {len(self)}")
        return self._address + place * self._array.element.size


class PackedView:
    """A register that is a structure of bit fields, to read."""

    def __init__(self, struct: Struct, number: int) -> None:
        self._struct, self._number = struct, number

    def __getattr__(self, name: str) -> int:
        value = field_value(self._struct, name, self._number)
        if value is None:
            raise AttributeError(f"{self._struct.name} has no field {name}")
        return value

    def __int__(self) -> int:
        return self._number

    __index__ = __int__


def _is_bits(field: Field) -> bool:
    return isinstance(field.type, Scalar) and (
        field.bit_offset % 8 != 0 or field.bit_size != field.type.size * 8
    )


def _covered(field: Field) -> int:
    return (field.bit_offset % 8 + field.bit_size + 7) // 8


def _number(data: bytes, bits: int, signed: bool) -> int:
    number = int.from_bytes(data, "little")
    return number - (1 << bits) if signed and number >> bits - 1 else number


def encoded(value: Any, bits: int, name: str) -> bytes:
    """An integer as the bytes of a field of so many ``bits``; ValueError if it does not fit."""
    if not isinstance(value, int):
        raise TypeError(f"{name} takes an integer, and was given {value!r:.40}")
    if not -(1 << bits - 1) <= value < 1 << bits:
        raise ValueError(f"{name} has {bits} bits, and {value:#x} does not fit")
    return (int(value) & (1 << bits) - 1).to_bytes((bits + 7) // 8, "little")


def _characters(text: str | bytes, room: int, name: str) -> bytes:
    data = text.encode() if isinstance(text, str) else text
    if len(data) > room:
        raise ValueError(f"{name} has room for {room} bytes, and {len(data)} were given")
    return data.ljust(room, b"\0")


class Registers(Mapping[str, int]):
    """A vCPU's registers at a call; ``changed``: those that were set, which the guest gets.

    A model that sets one plays a hypervisor that changes what it must leave alone.
    """

    def __init__(self, at_site: Mapping[str, int], result: str) -> None:
        self._at_site = at_site
        self._result = result  # the register of what the model returns
        self.changed: dict[str, int] = {}

    def __getitem__(self, name: str) -> int:
        return self.changed.get(name, self._at_site[name])

    def __setitem__(self, name: str, value: Any) -> None:
        if name not in BITS or name == self._result:
            why = f": {name} is what the model returns" if name == self._result else ""
            others = ", ".join(other for other in BITS if other != self._result)
            raise LookupError(f"{name} cannot be set{why}; {others} can")
        self.changed[name] = int.from_bytes(encoded(value, BITS[name], name), "little")

    def __iter__(self) -> Iterator[str]:
        return iter(self._at_site)

    def __len__(self) -> int:
        return len(self._at_site)
