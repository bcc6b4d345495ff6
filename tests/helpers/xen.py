# SPDX-License-Identifier: BSD-3-Clause
"""Gives the guest of a real Xen: arguments for QEMU, and the calls that it says it has made."""

import re
from typing import NamedTuple

from helpers.guests import make
from helpers.tree import ROOT

XEN = ROOT / "build" / "tests" / "xen"
IMAGE = XEN / "guest.elf"
INLINE, PAGE, USER = range(3)
_CALL = re.compile(r"^xen((?: 0x[0-9a-f]+){7}) = (0x[0-9a-f]+)\r?$", re.MULTILINE)


class LoggedCall(NamedTuple):
    """One call as the guest made it: by an instruction of its own, Xen's page, or from CPL 3."""

    way: int
    number: int
    args: tuple[int, ...]
    result: int


def build() -> None:
    """Make the guest, and fetch the Xen that it runs under."""
    make("xen")


def arguments_of(*words: str) -> list[str]:
    """QEMU's arguments for a Xen whose dom0 is the guest with ``words``."""
    return [
        *("-accel", "tcg", "-M", "q35", "-device", "amd-iommu", "-cpu", "max", "-m", "128"),
        *("-nodefaults", "-no-reboot", "-display", "none", "-serial", "stdio"),
        *("-kernel", str(XEN / "xen"), "-initrd", " ".join((str(IMAGE), *words))),
        *("-append", "console=com1 com1=115200,8n1 dom0=pvh dom0_mem=32M"),
    ]


def logged_calls(printed: str) -> list[LoggedCall]:
    """The calls in the guest's own log."""
    found = []
    for made, result in _CALL.findall(printed):
        way, number, *args = (int(word, 16) for word in made.split())
        found.append(LoggedCall(way, number, tuple(args), int(result, 16)))
    return found
