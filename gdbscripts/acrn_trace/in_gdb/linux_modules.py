# SPDX-License-Identifier: BSD-3-Clause
"""Reads which modules a Linux guest has loaded, and where each of their sections is.

By the kernel's own list, with the places that its structures have in it. The sections' names and
addresses are what the kernel shows in /sys/module/NAME/sections (kernel/module/sysfs.c). Whatever
the guest has there, a bounded number of short reads is all that is done.
"""

from dataclasses import dataclass
from typing import Callable

from acrn_trace.guest.abi import MASK64
from acrn_trace.image.btf import Member
from acrn_trace.in_gdb.linux_task import KERNEL_HALF, ReadMemory

MAX_MODULES, MAX_SECTIONS, MAX_NAME = 4096, 512, 64
WORD = 8

MemberOf = Callable[[str, str], Member]  # structure, member; KeyError where there is none


@dataclass(frozen=True)
class ModuleLayout:
    """Places in bytes: the first three in struct module, ``files`` in what ``sect_attrs`` points
    to, and the last two in each of the files of sysfs there."""

    list: int
    name: Member
    sect_attrs: int
    files: int
    file_name: int
    file_address: int


def module_layout(member: MemberOf) -> ModuleLayout:
    """Of the kernel whose members those are; KeyError where it has other ones."""
    in_group = member("attribute_group", "bin_attrs").offset
    return ModuleLayout(
        list=member("module", "list").offset,
        name=member("module", "name"),
        sect_attrs=member("module", "sect_attrs").offset,
        files=member("module_sect_attrs", "grp").offset + in_group,
        file_name=member("bin_attribute", "attr").offset + member("attribute", "name").offset,
        file_address=_address_in_file(member),
    )


def _address_in_file(member: MemberOf) -> int:
    """Behind the file, up to Linux 6.13; then it is what the file has to itself."""
    try:
        address, file = (member("module_sect_attr", name) for name in ("address", "battr"))
    except KeyError:
        return member("bin_attribute", "private").offset
    return address.offset - file.offset


class GuestModules:
    """Those of a kernel with this layout, in memory that ``read`` reads."""

    def __init__(self, layout: ModuleLayout, read: ReadMemory) -> None:
        self._layout, self._read = layout, read

    def listed(self, head: int) -> dict[str, int]:
        """Where the kernel has the ``struct module`` of each, by name, until its list with this
        head leads astray."""
        found: dict[str, int] = {}
        at, met = self._word(head), {head}
        while at not in met and at >= KERNEL_HALF and len(met) <= MAX_MODULES:
            found.setdefault(self.name_at(at - self._layout.list), at - self._layout.list)
            met.add(at)
            at = self._word(at)
        return found

    def name_at(self, address: int) -> str:
        """Of the ``struct module`` there; empty if there is none to be read."""
        return self._text(address + self._layout.name.offset, self._layout.name.size)

    def sections_at(self, address: int) -> dict[str, int]:
        """The addresses of its sections by name, which sysfs has files of; none where those are not
        kept. As many pointers to them as come before NULL."""
        sections = self._word(address + self._layout.sect_attrs)
        files = self._word(sections + self._layout.files) if sections >= KERNEL_HALF else 0
        found = {}
        for index in range(MAX_SECTIONS):
            file = self._word(files + index * WORD) if files >= KERNEL_HALF else 0
            if file < KERNEL_HALF:
                break
            name = self._text(self._word(file + self._layout.file_name), MAX_NAME)
            found[name] = self._word(file + self._layout.file_address)
        return found

    def _word(self, address: int) -> int:
        """0 where nothing can be read."""
        return int.from_bytes(self._read(address & MASK64, WORD) or b"", "little")

    def _text(self, address: int, size: int) -> str:
        """A string that ends within ``size`` bytes; of a pointer near a page's end less is read."""
        address, size = address & MASK64, min(size, MAX_NAME)
        data = self._read(address, size) or self._read(address, -address % 4096 or 1) or b""
        text, end, _ = data.partition(b"\0")
        return text.decode("ascii", "backslashreplace") if end else ""
