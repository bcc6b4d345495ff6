# SPDX-License-Identifier: BSD-3-Clause
"""Gives guests of a real KVM, one of them one of Hyper-V's: arguments for QEMU."""

from helpers.guests import make
from helpers.tree import ROOT

KVM = ROOT / "build" / "tests" / "kvm"
IMAGE = KVM / "guest.elf"
HYPERV_IMAGE = KVM / "hyperv.elf"


def build() -> None:
    """Make the guest, and the Linux that it runs under."""
    make("kvm")


def arguments_of(*words: str, vcpus: int = 1) -> list[str]:
    """QEMU's arguments for a Linux of so many vCPUs whose KVM runs the guest with ``words``.

    With "hyperv" among them it is HYPERV_IMAGE, and KVM shows itself as Hyper-V.
    """
    line = " ".join(("console=ttyS0 quiet panic=-1 --", *words))
    return [
        *("-accel", "tcg", "-cpu", "max", "-m", "128", "-smp", str(vcpus), "-nodefaults"),
        *("-no-reboot", "-display", "none", "-serial", "stdio"),
        *("-kernel", str(KVM / "vmlinuz"), "-initrd", str(KVM / "initrd"), "-append", line),
    ]
