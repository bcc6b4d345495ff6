# SPDX-License-Identifier: BSD-3-Clause
"""Reads which modules a Linux guest has loaded, and where each of their sections is.

By the kernel's own list, with the places in its structures that its debug information gives.
Whatever the guest has there, a bounded number of short reads is all that is done.
"""

from dataclasses import dataclass
from typing import Iterator

import gdb

from acrn_trace.guest.abi import MASK64
from acrn_trace.in_gdb.guest_memory import read_memory
from acrn_trace.in_gdb.linux_task import KERNEL_HALF

MAX_MODULES, MAX_SECTIONS, MAX_NAME = 4096, 512, 64
WORD = 8


@dataclass(frozen=True)
class Module:
    """One that is loaded: ``sections`` are their addresses by name."""

    name: str
    sections: dict[str, int]


@dataclass(frozen=True)
class ModuleLayout:
    """Places in bytes, in struct module and what it leads to, and the sizes of those."""

    list: int
    name: int
    name_size: int
    sect_attrs: int
    count: int
    attrs: int
    attr_size: int
    attr_name: int
    attr_address: int


def module_layout() -> ModuleLayout:
    """Of the kernel that GDB has loaded; KeyError or GDB's error where it does not say."""
    module, all_sections = _fields("struct module"), _fields("struct module_sect_attrs")
    one = _fields("struct module_sect_attr")
    battr, attr = _fields("struct bin_attribute"), _fields("struct attribute")
    return ModuleLayout(
        list=_offset(module["list"]),
        name=_offset(module["name"]),
        name_size=min(module["name"].type.sizeof, MAX_NAME),
        sect_attrs=_offset(module["sect_attrs"]),
        count=_offset(all_sections["nsections"]),
        attrs=_offset(all_sections["attrs"]),
        attr_size=gdb.lookup_type("struct module_sect_attr").sizeof,
        attr_name=sum(map(_offset, (one["battr"], battr["attr"], attr["name"]))),
        attr_address=_offset(one["address"]),
    )


def module_list() -> int:
    """Where the kernel has the head of its list, as GDB has its symbols."""
    symbol = gdb.lookup_global_symbol("modules") or gdb.lookup_static_symbol("modules")
    if symbol is None:
        raise KeyError("modules")
    return int(symbol.value().address) & MASK64


def loaded_modules(layout: ModuleLayout, head: int) -> Iterator[Module]:
    """Those on the list, until it leads astray."""
    at = _word(head)
    for _ in range(MAX_MODULES):
        if at == head or at < KERNEL_HALF:
            return
        module = module_at(layout, at - layout.list)
        if module:
            yield module
        at = _word(at)


def module_at(layout: ModuleLayout, address: int) -> Module | None:
    """The ``struct module`` there; None if there is none to be read."""
    name = _text(address + layout.name, layout.name_size)
    sections = _word(address + layout.sect_attrs)
    if not name or sections < KERNEL_HALF:
        return None
    count = min(_word(sections + layout.count) & 0xFFFF_FFFF, MAX_SECTIONS)
    found = {}
    for index in range(count):
        at = sections + layout.attrs + index * layout.attr_size
        found[_text(_word(at + layout.attr_name), MAX_NAME)] = _word(at + layout.attr_address)
    return Module(name, found)


def _fields(name: str) -> dict[str, gdb.Field]:
    return {field.name: field for field in gdb.lookup_type(name).fields()}


def _offset(field: gdb.Field) -> int:
    return field.bitpos // 8


def _word(address: int) -> int:
    """0 where nothing can be read."""
    return int.from_bytes(read_memory(address & MASK64, WORD) or b"", "little")


def _text(address: int, size: int) -> str:
    """A string that ends within ``size`` bytes; of a pointer near a page's end less is read."""
    data = read_memory(address, size) or read_memory(address, -address % 4096 or 1) or b""
    text, end, _ = data.partition(b"\0")
    return text.decode("ascii", "backslashreplace") if end else ""
