# SPDX-License-Identifier: BSD-3-Clause
"""Has QEMU save its machine's memory in a file, part by part, for it to be searched there."""

import os
import tempfile
from pathlib import Path
from typing import Iterable, Iterator

from acrn_trace.at_rest.filememory import FileMemory, Piece
from acrn_trace.base.errors import TargetError
from acrn_trace.in_gdb import stub

SAVED_AT_ONCE = 256 << 20


def saved_parts(ranges: Iterable[tuple[int, int]]) -> Iterator[FileMemory]:
    """The memory from a first to a last address, each part until the next is asked for.

    TargetError where QEMU cannot write files here, as one on another machine cannot.
    """
    with tempfile.TemporaryDirectory(prefix="acrn-trace-") as folder:
        saved = Path(folder) / "memory"
        for first, last in ranges:
            for at in range(first, last + 1, SAVED_AT_ONCE):
                size = min(SAVED_AT_ONCE, last + 1 - at)
                _save(at, size, saved)
                with open(saved, "rb") as file:
                    yield FileMemory(file, [Piece(at, 0, size)])
                os.unlink(saved)


def _save(address: int, size: int, path: Path) -> None:
    try:
        stub.ask_monitor(f'pmemsave {address:#x} {size:#x} "{path}"')
        if path.stat().st_size == size:
            return
    except OSError:
        pass
    raise TargetError("QEMU cannot write files here")
