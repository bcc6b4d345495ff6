# SPDX-License-Identifier: BSD-3-Clause
"""Hears from QEMU's log whether the guest's end was a triple fault."""

import os
import threading
from pathlib import Path

END_SECONDS = 10.0
ENDED = "the guest ended in a triple fault (QEMU's '-d int -D FILE' logs what led there)"
TRIPLE_FAULT = b"Triple fault\n"  # target/i386/tcg/sysemu/excp_helper.c of QEMU 7.2
CHUNK = 1 << 16

_LOG_OPTIONS = {"-d", "-D", "-dfilter", "-trace"}
_MACHINE_OPTIONS = {"-machine", "-M"}


class ResetLog:
    """QEMU's log in a FIFO. Its end alone is kept: a guest can have any amount written to it."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.options = ["-d", "cpu_reset", "-D", str(path)]  # for QEMU
        self._end = b""
        # It ends when QEMU does, and waits for ever for one that does not start.
        self._reader = threading.Thread(target=self._read, args=(path,), daemon=True)
        self._reader.start()

    def ends_in_triple_fault(self) -> bool:
        """Of a QEMU that has ended."""
        self._reader.join(END_SECONDS)
        return self._end.endswith(TRIPLE_FAULT)

    def _read(self, path: Path) -> None:
        with open(path, "rb", buffering=0) as log:
            while data := log.read(CHUNK):
                self._end = (self._end + data)[-len(TRIPLE_FAULT) :]


def may_log(arguments: list[str]) -> bool:
    """Whether a QEMU's log is free for us, and a triple fault is a failure of its guest.

    Where the user has QEMU log something, it goes where he wants it. In a microvm the triple fault
    is how a guest turns itself off (QEMU's docs/system/i386/microvm.rst).
    """
    words = ["-" + word.lstrip("-") if word.startswith("-") else word for word in arguments]
    machines = [after for word, after in zip(words, words[1:]) if word in _MACHINE_OPTIONS]
    return not _LOG_OPTIONS & set(words) and not any("microvm" in machine for machine in machines)
