# SPDX-License-Identifier: BSD-3-Clause
"""Plans what a call made by hand puts into registers and memory, and refuses what none may be."""

from dataclasses import dataclass

from acrn_trace.act.call.build import Builder
from acrn_trace.act.call.parse import Fields, Node
from acrn_trace.base.errors import TraceError
from acrn_trace.base.suggest import suggest_inside
from acrn_trace.guest.abi import abis, main_abi
from acrn_trace.tables.calls import Argument, CallTable, Entry
from acrn_trace.tables.fields import NO_ROLES, Pointee
from acrn_trace.tables.layouts import Scalar, Struct
from acrn_trace.tables.pointees import pointee_of

MAX_NUMBER = (1 << 64) - 1


@dataclass(frozen=True)
class Plan:
    """The call: its number, and what goes into its argument registers."""

    number: int
    name: str
    arguments: tuple[int, ...]


def find_call(name: str, table: CallTable) -> Entry:
    """The call of that name or number; a number that the table lacks has plain arguments."""
    entry, main = table.named(name), main_abi().name
    if entry and entry.abi == main:
        return entry
    if entry or name.partition(":")[0] in abis():
        raise TraceError(f"{name}: only calls of {main.upper()} can be made by hand")
    try:
        number = int(name, 0)
    except ValueError:
        names = [entry.name for entry in table if entry.abi == main]
        raise TraceError(
            f"there is no call {name!r} in the table{suggest_inside(name, names)}; "
            "'info hypercalls' lists them, 'hypercall load' and a number make others"
        ) from None
    if not 0 <= number <= MAX_NUMBER:
        raise TraceError(f"{name} is no 64-bit number of a call")
    plain = tuple(
        Argument("VALUE", f"arg{index}", "u64") for index, _ in enumerate(main_abi().arguments, 1)
    )
    return table.numbered(number) or Entry(number, table.call_name(number), plain)


def plan_call(entry: Entry, nodes: list[Node], builder: Builder, known: bool = True) -> Plan:
    """The plan of a call with the arguments ``nodes``; outputs that are left out get room.

    ``known``: the table has the call, so that no other argument may be left out.
    """
    if len(nodes) > len(entry.arguments):
        raise TraceError(f"{_takes(entry)}, and was given {len(nodes)}")
    try:
        values = _values(entry, nodes, builder, known)
    except TraceError as error:
        raise TraceError(f"{entry.name}: {error}") from None
    return Plan(entry.number, entry.name, tuple(values))


def _values(entry: Entry, nodes: list[Node], builder: Builder, known: bool) -> list[int]:
    """What goes into the argument registers."""
    values: list[int] = []
    for index, argument in enumerate(entry.arguments):
        pointee = pointee_of(builder.types, entry, argument, values + [0] * len(entry.arguments))
        if index < len(nodes):
            values.append(_value(argument, nodes[index], pointee, builder))
        elif pointee and pointee.direction == "out":
            values.append(builder.empty(pointee, argument.name))
        elif known:
            raise TraceError(f"{argument.name} is missing; {_takes(entry)}")
    return values


def _takes(entry: Entry) -> str:
    count = len(entry.arguments)
    if not count:
        return f"{entry.name} takes no arguments"
    names = ", ".join(argument.name for argument in entry.arguments)
    return f"{entry.name} takes {count} argument{'s'[: count > 1]} ({names})"


def _value(argument: Argument, node: Node, pointee: Pointee | None, builder: Builder) -> int:
    path = argument.name
    if pointee:
        return builder.pointer(pointee, node, path)
    if argument.kind == "PACKED" and isinstance(node, Fields):
        struct = builder.types.type_named(argument.type or "")
        if isinstance(struct, Struct):
            return int.from_bytes(builder.data(struct, node, NO_ROLES, path), "little")
    enum = argument.type if argument.kind == "ENUM" else None
    bits = 64 if argument.kind in ("PASS", "PACKED") else argument.bits
    return builder.number(node, Scalar(bits // 8, enum=enum), bits, path)
