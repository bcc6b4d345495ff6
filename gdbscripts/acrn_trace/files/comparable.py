# SPDX-License-Identifier: BSD-3-Clause
"""Reduces a call to what two traces have in common when the same happened in both.

Left out: times; addresses, which change with each build of the guest: the site's, pointers, and the
fields that say where a buffer is; the text of findings, which quotes values; who played the
hypervisor. Options put them back.
"""

from dataclasses import dataclass, field
from typing import Any, Iterator

from acrn_trace.sinks.jsonl import compact
from acrn_trace.tables.calls import CallTable, Entry, full_name
from acrn_trace.trace.event import REFUSED, Event

# Fields of structures that hold the address of a buffer, or where the hypervisor put one.
BUFFER_FIELDS = frozenset({"service_vm_gpa", "hpa", "ioreq_buf"})
ADDRESS = "(an address)"
ANSWERED_BY = "answered by"
PLAYERS = frozenset({"hypervisor", "mock", "replay"})

Tree = Any


@dataclass
class Call:
    """An event and its meaning; ``text`` is equal for calls of equal meaning."""

    event: Event
    tree: dict[str, Tree]
    text: str = field(repr=False)

    @property
    def kind(self) -> str:
        return self.event.name


@dataclass
class Meanings:
    """Makes calls comparable. ``addresses``, ``sites``, ``players``: compare these as well."""

    table: CallTable
    addresses: bool = False
    sites: bool = False
    players: bool = False

    def of(self, event: Event) -> Call:
        """``event`` with its meaning."""
        tree = self._tree(event)
        return Call(event, tree, compact(tree))

    def _tree(self, event: Event) -> dict[str, Tree]:
        tree = {
            "number": _number(event),
            "result": event.ret,
            "status": event.status,
            ANSWERED_BY: self._answered_by(event),
            "arguments": self._arguments(event),
            "changed registers": self._registers(event),
            "findings": sorted(self._kinds(event)),
        }
        if self.sites and event.site:
            tree["site"] = str(event.site)
        if self.addresses and event.site:
            tree["address"] = hex(event.site.address)
        return tree

    def _kinds(self, event: Event) -> Iterator[str]:
        """Without what a player knows of a failure, and a traced hypervisor does not tell."""
        kinds = (finding.kind for finding in event.findings)
        return (kind for kind in kinds if kind != REFUSED or self.players)

    def _answered_by(self, event: Event) -> str | None:
        is_player = event.answered_by in PLAYERS and not self.players
        return "hypervisor" if is_player else event.answered_by

    def _registers(self, event: Event) -> Tree:
        if self.addresses:
            return {name: list(map(hex, pair)) for name, pair in sorted(event.clobbered.items())}
        return sorted(event.clobbered)

    def _arguments(self, event: Event) -> Tree:
        entry = self.table.numbered(event.nr, event.abi)
        if entry is None or not event.decoded:
            return {f"arg{index}": hex(arg) for index, arg in enumerate(event.args, 1)}
        return event.decoded if self.addresses else self.without_addresses(entry, event.decoded)

    def without_addresses(self, entry: Entry, decoded: dict[str, Tree]) -> dict[str, Tree]:
        """A call's decoded arguments, but for addresses."""
        pointers = {argument.name for argument in entry.arguments if argument.is_pointer}
        return {
            name: ADDRESS
            if name in pointers and isinstance(tree, str)
            else _without_addresses(tree)
            for name, tree in decoded.items()
        }


def _number(event: Event) -> str:
    """Also whose it is, but for the main ABI's."""
    return full_name(hex(event.nr), event.abi)


def _without_addresses(tree: Tree) -> Tree:
    if isinstance(tree, list):
        return [_without_addresses(element) for element in tree]
    if not isinstance(tree, dict):
        return tree
    if "unreadable" in tree:
        return "(unreadable)"
    if "points_to" in tree:
        tree = {key: value for key, value in tree.items() if key != "address"}
    return {
        key: ADDRESS if key in BUFFER_FIELDS else _without_addresses(value)
        for key, value in tree.items()
    }


def differences(before: Tree, after: Tree, path: str = "") -> Iterator[tuple[str, Tree, Tree]]:
    """Each leaf that differs, as ``arguments.regs.vcpu_id``; None where a side has none."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys([*before, *after]):
            inner = f"{path}.{key}" if path else key
            yield from differences(before.get(key), after.get(key), inner)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, pair in enumerate(zip(before, after)):
            yield from differences(*pair, f"{path}[{index}]")
    elif before != after:
        yield path, before, after
