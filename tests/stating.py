# SPDX-License-Identifier: BSD-3-Clause
"""The guests of tests/guests, which say themselves what a trace of them is to show."""

import fcntl
from pathlib import Path

from live import ROOT, common_arguments, run

OUT = ROOT / "build" / "tests" / "stating"
HYPERVISOR = ROOT / "build" / "examples" / "hypervisor.elf"


def build_stating_guests() -> None:
    """Make every build of every such guest; one worker at a time."""
    OUT.mkdir(parents=True, exist_ok=True)
    with open(OUT / ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = run(["make", "-s", "-f", "tests/guests/guests.mk", "stating-guests"])
    assert made.status == 0, made.err


def image_of(build: str) -> Path:
    """The image of a build, COMPILER/GUEST or with -nodebug or -stripped after it."""
    return OUT / f"{build}.elf"


def machine_of(image: Path, *more: object) -> list[object]:
    """QEMU's arguments for such a guest, under the hypervisor."""
    return [*common_arguments(), "-kernel", HYPERVISOR, "-initrd", image, *more]
