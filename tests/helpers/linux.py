# SPDX-License-Identifier: BSD-3-Clause
"""The Linux that examples/linux built, and QEMU's arguments for it."""

import os
import shlex
from pathlib import Path

from helpers.tree import ROOT

LINUX = Path(os.environ["ACRN_LINUX"])
VMLINUX = LINUX / "vmlinux"
# One whose plugins can answer calls.
NEWER_QEMU = os.environ["ACRN_NEWER_QEMU"]


def qemu_arguments(*kernel_parameters: str) -> list[str]:
    line = ["-kernel", LINUX / "bzImage", "-initrd", LINUX / "initrd"]
    append = ["-append", " ".join(["console=ttyS0", *kernel_parameters])]
    return shlex.split((ROOT / "examples/linux/qemu.args").read_text()) + [*line, *append]
