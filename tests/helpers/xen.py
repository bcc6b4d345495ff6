# SPDX-License-Identifier: BSD-3-Clause
"""Gives the guest of a real Xen: arguments for QEMU."""

from helpers.guests import make
from helpers.tree import ROOT

XEN = ROOT / "build" / "tests" / "xen"
IMAGE = XEN / "guest.elf"
INLINE, PAGE, USER = range(3)  # how a call is made: by an instruction, Xen's page, from CPL 3


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
