# SPDX-License-Identifier: BSD-3-Clause
"""Speaks QEMU's monitor protocol (QMP), as far as recording needs it."""

import json
import re
import socket
from pathlib import Path
from typing import Any

from acrn_trace.base.errors import TargetError

SECONDS = 30.0
MAX_ANSWER = 16 << 20

# info mtree -f: first and last address, the region's name, and where in the region that is
_RANGE = re.compile(
    r"^\s+([0-9a-f]{16})-([0-9a-f]{16}) \(prio -?\d+, ram\): (\S+)(?: @([0-9a-f]{16}))?",
    re.MULTILINE,
)


class Monitor:
    """A connection to the monitor at a unix socket."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(SECONDS)
        self._socket.connect(str(path))
        self._file = self._socket.makefile("rb")
        self._answer()
        self.execute("qmp_capabilities")

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def execute(self, command: str, **arguments: str) -> Any:
        """The answer to one command; TargetError if there is none."""
        request = {"execute": command, "arguments": arguments}
        try:
            self._socket.sendall(json.dumps(request).encode() + b"\n")
            while True:
                answer = self._answer()
                if "return" in answer:
                    return answer["return"]
                if "error" in answer:
                    raise TargetError(f"QEMU refused {command}: {answer['error'].get('desc')}")
        except (OSError, ValueError) as error:
            raise TargetError(f"QEMU's monitor did not answer {command}: {error}") from error

    def ram_ranges(self, region: str) -> list[tuple[int, int, int]]:
        """Where the memory ``region`` is in guest-physical memory: address, size, offset in it."""
        text = self.execute("human-monitor-command", **{"command-line": "info mtree -f"})
        return ram_ranges(text, region)

    def _answer(self) -> dict[str, Any]:
        line = self._file.readline(MAX_ANSWER)
        if not line:
            raise OSError("the connection was closed")
        return json.loads(line)


def ram_ranges(mtree: str, region: str) -> list[tuple[int, int, int]]:
    """The ranges of ``region`` in the address space that the CPUs see."""
    for view in mtree.split("FlatView")[1:]:
        if ' AS "memory"' in view:
            return [
                (int(first, 16), int(last, 16) - int(first, 16) + 1, int(offset or "0", 16))
                for first, last, name, offset in _RANGE.findall(view)
                if name == region
            ]
    return []
