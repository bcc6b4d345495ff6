# SPDX-License-Identifier: BSD-3-Clause
"""Makes a User VM's I/O request, as ``hypercall mock ioreq`` states it, to ACRN's structure."""

from acrn_trace.base.errors import TraceError
from acrn_trace.tables.layouts import Struct
from acrn_trace.tables.types import Types

KINDS = {"pio": 0, "mmio": 1, "pci": 2, "wp": 3}  # enum acrn_ioreq_type
MEMBERS = {"pio": "pio_request", "mmio": "mmio_request", "pci": "pci_request", "wp": "mmio_request"}
DIRECTIONS = {"read": 0, "write": 1}
SIZES = (1, 2, 4, 8)
FORM = (
    "hypercall mock ioreq VM VCPU [pio|mmio|wp|pci read|write ADDRESS SIZE [VALUE]], where ADDRESS "
    "of pci is BUS:DEVICE.FUNCTION+REGISTER"
)


def request_bytes(words: list[str], types: Types) -> bytes:
    """``struct acrn_io_request`` for KIND DIRECTION ADDRESS SIZE [VALUE]; TraceError."""
    try:
        kind, direction, address, size, value = (*words, "0")[:5]
        fields = {"direction": DIRECTIONS[direction], "size": int(size, 0), "value": int(value, 0)}
        fields |= _pci(address) if kind == "pci" else {"address": int(address, 0)}
        if fields["size"] not in SIZES or not 4 <= len(words) <= 5:
            raise ValueError(size)
        return _encoded(KINDS[kind], MEMBERS[kind], fields, types)
    except (KeyError, ValueError, OverflowError):
        raise TraceError(f"{' '.join(words)!r} is no I/O request; {FORM}") from None


def _pci(text: str) -> dict[str, int]:
    place, _, register = text.partition("+")
    bus, _, rest = place.partition(":")
    device, _, function = rest.partition(".")
    numbers = [int(part, 16) for part in (bus, device, function)]
    return dict(zip(("bus", "dev", "func", "reg"), [*numbers, int(register or "0", 0)]))


def _encoded(kind: int, member: str, fields: dict[str, int], types: Types) -> bytes:
    structs = types.layouts.structs
    request = structs["acrn_io_request"]
    data = bytearray(request.size)
    offsets = {field.name: field for field in request.fields}
    _put(data, 0, request, "type", kind)
    union = offsets["reqs"]
    assert isinstance(union.type, Struct)
    part = next(field.type for field in union.type.fields if field.name == member)
    assert isinstance(part, Struct)
    for name, value in fields.items():
        _put(data, union.bit_offset // 8, part, name, value)
    return bytes(data)


def _put(data: bytearray, base: int, struct: Struct, name: str, value: int) -> None:
    """OverflowError if ``value`` does not fit."""
    field = next(field for field in struct.fields if field.name == name)
    start, size = base + field.bit_offset // 8, field.bit_size // 8
    data[start : start + size] = value.to_bytes(size, "little")
