# SPDX-License-Identifier: BSD-3-Clause
"""The guests of tests/guests, which say themselves what a trace of them is to show."""

from pathlib import Path

from helpers.guests import common_arguments, make
from helpers.tree import HYPERVISOR, ROOT

OUT = ROOT / "build" / "tests" / "stating"


def build_stating_guests() -> None:
    """Make every build of every such guest."""
    make("-f", "tests/guests/guests.mk", "stating-guests")


def image_of(build: str) -> Path:
    """The image of a build, COMPILER/GUEST or with -nodebug or -stripped after it."""
    return OUT / f"{build}.elf"


def machine_of(image: Path, *more: object) -> list[object]:
    """QEMU's arguments for such a guest, under the hypervisor."""
    return [*common_arguments(), "-kernel", HYPERVISOR, "-initrd", image, *more]
