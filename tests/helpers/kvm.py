# SPDX-License-Identifier: BSD-3-Clause
"""Gives the guest of a real KVM: arguments for QEMU, and the calls that it says it has made."""

import re
from typing import NamedTuple

from helpers.guests import make
from helpers.tree import ROOT

KVM = ROOT / "build" / "tests" / "kvm"
IMAGE = KVM / "guest.elf"
_CALL = re.compile(r"^kvm((?: 0x[0-9a-f]+){6}) = (0x[0-9a-f]+)\r?$", re.MULTILINE)


class LoggedCall(NamedTuple):
    """One call as the guest made it; the vCPU is the guest's own, not QEMU's."""

    vcpu: int
    number: int
    args: tuple[int, ...]
    result: int


def build() -> None:
    """Make the guest, and the Linux that it runs under."""
    make("kvm")


def arguments_of(*words: str, vcpus: int = 1) -> list[str]:
    """QEMU's arguments for a Linux of so many vCPUs whose KVM runs the guest with ``words``."""
    line = " ".join(("console=ttyS0 quiet panic=-1 --", *words))
    return [
        *("-accel", "tcg", "-cpu", "max", "-m", "128", "-smp", str(vcpus), "-nodefaults"),
        *("-no-reboot", "-display", "none", "-serial", "stdio"),
        *("-kernel", str(KVM / "vmlinuz"), "-initrd", str(KVM / "initrd"), "-append", line),
    ]


def logged_calls(printed: str) -> list[LoggedCall]:
    """The calls in the guest's own log."""
    found = []
    for made, result in _CALL.findall(printed):
        vcpu, number, *args = (int(word, 16) for word in made.split())
        found.append(LoggedCall(vcpu, number, tuple(args), int(result, 16)))
    return found
