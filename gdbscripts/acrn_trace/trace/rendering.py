# SPDX-License-Identifier: BSD-3-Clause
"""Renders decoded arguments as text, in two parts: what goes in, and what came out::

    vm={name="vm1", cpu_affinity=0x2      when the call is made
    , vmid: 65535 => 1}                   when it is back

An address stands before its structure where it is odd, ``vm=0x0 {name=…``: 0, or no multiple of
what the structure's type asks for. (ACRN copies bytes, so that the latter is no error.)

Works on the tree of an event, so a line made from a trace file is the line that was printed live.
"""

from dataclasses import dataclass
from typing import Iterable, Iterator

from acrn_trace.base.text import quoted
from acrn_trace.guest.abi import UNKNOWN
from acrn_trace.tables.calls import Argument, CallTable, Entry
from acrn_trace.tables.layouts import MAX_ALIGNMENT, alignment
from acrn_trace.tables.pointees import pointee_of
from acrn_trace.tables.types import Types
from acrn_trace.trace.event import Event
from acrn_trace.trace.trees import Tree, is_change, joined

# Unless verbose: of a list, of changes; structures of more fields show those that are not 0.
MAX_ELEMENTS = 16
MAX_CHANGES = 4
MAX_FIELDS = 8


@dataclass(frozen=True)
class Renderer:
    """Renders by the kinds and roles that are known; ``verbose`` leaves nothing out."""

    table: CallTable
    types: Types
    verbose: bool = False

    def call(self, event: Event) -> str:
        """``name(arg=value, …``, open: what is known while the call is in flight."""
        entry = self.table.numbered(event.nr, event.abi)
        if entry is None:
            return f"{event.name}({', '.join(_bare(event))}"
        return f"{event.name}({self._entry_part(entry, event)}"

    def outputs(self, event: Event) -> str:
        """What to append to ``call`` at the return, up to the closing parenthesis."""
        entry = self.table.numbered(event.nr, event.abi)
        return (self._return_part(entry, event) if entry else "") + ")"

    def _entry_part(self, entry: Entry, event: Event) -> str:
        """The arguments as they went in, the last one's structure open for what comes out."""
        decoded = event.decoded
        inputs = [a for a in entry.arguments if a.direction != "out" and a.name in decoded]
        text = ", ".join(
            f"{a.name}={self._place(entry, a, event)}{self._input(a, decoded[a.name])}"
            for a in inputs
        )
        return text.removesuffix("}") if inputs and self._stays_open(inputs[-1], decoded) else text

    def _return_part(self, entry: Entry, event: Event) -> str:
        """What to append at the return: outputs, and every change as ``path: before => after``."""
        text, decoded = "", event.decoded
        inputs = [a for a in entry.arguments if a.direction != "out" and a.name in decoded]
        for argument in inputs:
            changes = list(self._outputs(argument, decoded[argument.name]))
            shown = changes if self.verbose else changes[:MAX_CHANGES]
            path = "" if argument is inputs[-1] else f"{argument.name}."
            text += "".join(f", {path}{change}" for change in shown)
            if len(shown) < len(changes):
                text += f", ... {len(changes) - len(shown)} more changes"
        if inputs and self._stays_open(inputs[-1], decoded):
            text += "}"
        outputs = [a for a in entry.arguments if a.direction == "out" and a.name in decoded]
        for argument in outputs:
            comma = ", " if inputs or argument is not outputs[0] else ""
            place = self._place(entry, argument, event)
            value = self._text(decoded[argument.name], argument.name)
            text += f"{comma}{argument.name}={place}{value}"
        return text

    def _place(self, entry: Entry, argument: Argument, event: Event) -> str:
        """``0x401001 `` where a structure's address is to stand before it, else nothing."""
        index = entry.arguments.index(argument)
        if index >= len(event.args):
            return ""  # a file's call has fewer registers than the table's
        address = event.args[index]
        tree = _before(event.decoded[argument.name])
        if not argument.is_pointer or isinstance(tree, str) or _is_unreadable(tree):
            return ""  # there is no structure, or its address stands there already
        shown = self.verbose or not address or self._is_misaligned(entry, argument, event.args)
        return f"{address:#x} " if shown else ""

    def _is_misaligned(self, entry: Entry, argument: Argument, args: tuple[int, ...]) -> bool:
        address = args[entry.arguments.index(argument)]
        if address % MAX_ALIGNMENT == 0:
            return False
        pointee = pointee_of(self.types, entry, argument, args)
        kind = self.types.type_named(pointee.type) if pointee else None
        return kind is not None and address % alignment(kind) != 0

    def _stays_open(self, argument: Argument, decoded: dict[str, Tree]) -> bool:
        tree = _before(decoded[argument.name])
        return argument.is_pointer and isinstance(tree, dict) and not _is_unreadable(tree)

    def _input(self, argument: Argument, tree: Tree) -> str:
        if isinstance(tree, dict) and not _is_unreadable(tree):
            outs = self._out_fields(argument)
            tree = {key: value for key, value in tree.items() if key not in outs}
        return self._text(_before(tree, self.types.fields.reserved), argument.name)

    def _outputs(self, argument: Argument, tree: Tree) -> Iterator[str]:
        outs = self._out_fields(argument)
        if not isinstance(tree, dict):
            return
        if is_change(tree):  # it could be read at one end of the call only
            yield f"=> {self._text(tree['out'], argument.name)}"
            return
        for key, value in tree.items():
            changes = list(self._changes(value, key))
            if key in outs and not changes:
                yield f"{key}={self._text(value, key)}"
            yield from changes

    def _changes(self, tree: Tree, path: str) -> Iterator[str]:
        if is_change(tree):
            name = path.rsplit(".", 1)[-1]
            yield f"{path}: {self._text(tree['in'], name)} => {self._text(tree['out'], name)}"
        elif isinstance(tree, dict):
            for key, value in tree.items():
                yield from self._changes(value, joined(path, key))
        elif isinstance(tree, list):
            for index, value in enumerate(tree):
                yield from self._changes(value, f"{path}[{index}]")

    def _out_fields(self, argument: Argument) -> frozenset[str]:
        return self.types.fields.outputs.get(argument.type or "", frozenset())

    def tree(self, tree: Tree, name: str) -> str:
        """One value by itself; ``name`` is that of the argument or field."""
        return self._text(tree, name)

    def _text(self, tree: Tree, name: str) -> str:
        if isinstance(tree, dict):
            return self._dictionary(tree, name)
        if isinstance(tree, list):
            return self._list(tree, name)
        if name in self.types.fields.text_fields:
            return quoted(str(tree))
        return str(tree)

    def _dictionary(self, tree: dict[str, Tree], name: str) -> str:
        if "unreadable" in tree:
            return f"{tree['address']} (unreadable: {tree['unreadable']})"
        if "points_to" in tree:
            more = f" and {tree['omitted']} more" if "omitted" in tree else ""
            return f"{tree['address']} {self._text(tree['points_to'], name)}{more}"
        shown = tree
        if len(tree) > MAX_FIELDS and not self.verbose:
            shown = {key: value for key, value in tree.items() if not self._is_zero(value, key)}
        parts = [f"{key}={self._text(value, key)}" for key, value in shown.items()]
        return "{" + ", ".join(parts + ["..."] * (len(shown) < len(tree))) + "}"

    def _list(self, tree: list[Tree], name: str) -> str:
        shown = tree if self.verbose else self._without_zeros(tree, name)[:MAX_ELEMENTS]
        parts = [self._text(element, name) for element in shown]
        return f"[{', '.join(parts + ['...'] * (len(shown) < len(tree)))}]"

    def _without_zeros(self, tree: list[Tree], name: str) -> list[Tree]:
        """The list up to its last element that is not all zeros."""
        end = len(tree)
        while end and self._is_zero(tree[end - 1], name):
            end -= 1
        return tree[:end]

    def _is_zero(self, tree: Tree, name: str) -> bool:
        if isinstance(tree, dict):
            return all(self._is_zero(value, key) for key, value in tree.items())
        if isinstance(tree, list):
            return all(self._is_zero(value, name) for value in tree)
        if isinstance(tree, str) and name in self.types.fields.text_fields:
            return not tree  # characters, which may read as a number or an enumeration's name
        return tree in (0, "0x0", "") or tree in self.types.zero_names


def _bare(event: Event) -> Iterable[str]:
    """The registers of a call that the table does not have; by name where nothing says whose it
    is."""
    if event.abi == UNKNOWN and event.decoded:
        return (f"{name}={value}" for name, value in event.decoded.items())
    return map(hex, event.args)


def _is_unreadable(tree: Tree) -> bool:
    return isinstance(tree, dict) and "unreadable" in tree


def _before(tree: Tree, reserved: frozenset[str] = frozenset()) -> Tree:
    """The tree as it was at the entry, without the ``reserved`` fields that were 0 then."""
    if is_change(tree):
        return tree["in"]
    if isinstance(tree, dict):
        return {
            key: _before(value, reserved)
            for key, value in tree.items()
            if not (key in reserved and is_change(value) and value["in"] == 0)
        }
    return [_before(value, reserved) for value in tree] if isinstance(tree, list) else tree
