# SPDX-License-Identifier: BSD-3-Clause
"""Gives a QEMU of the launcher's its RAM as a file, which we can read while the guest runs."""

import os
import re
from pathlib import Path

from acrn_trace.base.errors import TraceError
from acrn_trace.guest.ram_map import RAM_REGION

SHARED = Path("/dev/shm")  # the host's memory, not its disk
DEFAULT_MIB = 128  # QEMU's

# Machines whose RAM is somebody else's to make, or is known by its name.
_OWN = ("memory-backend", "-mem-path", "-numa", "-loadvm", "-incoming")
_SIZE = re.compile(r"(?:size=)?(\d+)([KMGTkmgt]?)(?:,.*)?")
_SHIFTS = {"k": 10, "m": 20, "": 20, "g": 30, "t": 40}


def shared_folder() -> Path | None:
    """Where to put the file; None where only the folder for temporary files is left."""
    return SHARED if os.access(SHARED, os.W_OK) else None


def ram_arguments(file: Path, size: int) -> list[str]:
    """QEMU's, for RAM of so many bytes."""
    backend = f"memory-backend-file,id={RAM_REGION},mem-path={file},size={size},share=on"
    return ["-object", backend, "-machine", f"memory-backend={RAM_REGION}"]


def may_share(for_qemu: list[str], folder: Path) -> bool:
    """Whether the guest can have its RAM in ``folder``: nothing speaks against it, it has room."""
    if any(own in argument for argument in for_qemu for own in _OWN):
        return False
    try:
        room = os.statvfs(folder)
        return memory_size(for_qemu) <= room.f_bavail * room.f_frsize
    except (TraceError, OSError):
        return False


def memory_size(for_qemu: list[str]) -> int:
    """The guest's memory, in bytes, as QEMU's -m says it; TraceError for one that is no size."""
    if "-m" not in for_qemu[:-1]:
        return DEFAULT_MIB << 20
    text = for_qemu[len(for_qemu) - 1 - for_qemu[::-1].index("-m", 1) + 1]
    match = _SIZE.fullmatch(text)
    if match is None:
        raise TraceError(f"-m {text}: not a size of memory that acrn-trace record understands")
    return int(match[1]) << _SHIFTS[match[2].lower()]
