# SPDX-License-Identifier: BSD-3-Clause
"""Speaks QEMU's monitor protocol (QMP), as far as recording needs it."""

import json
import socket
from pathlib import Path
from typing import Any

from acrn_trace.base.errors import TargetError
from acrn_trace.guest.ram_map import region_ranges

SECONDS = 30.0
MAX_ANSWER = 16 << 20


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
        return region_ranges(text, region)

    def _answer(self) -> dict[str, Any]:
        line = self._file.readline(MAX_ANSWER)
        if not line:
            raise OSError("the connection was closed")
        return json.loads(line)
