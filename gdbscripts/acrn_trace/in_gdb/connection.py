# SPDX-License-Identifier: BSD-3-Clause
"""Whether the stub is still there, without a word to it.

GDB learns that the stub is gone by its next packet. One that Python sends in ``gdb.events.cont``
must not be that packet: GDB lets go of the vCPUs there and then, and goes on with the vCPU that it
was about to resume, which crashes it (seen with 13).
"""

import os
import select
import socket
from typing import Iterator

OWN_FILES = "/proc/self/fd"


def stub_hung_up() -> bool:
    """Whether a socket of GDB's has lost its other end; False where nobody can tell."""
    poll = select.poll()
    for descriptor in _sockets():
        poll.register(descriptor, select.POLLRDHUP)
    return bool(poll.poll(0))


def _sockets() -> Iterator[int]:
    """Connected ones only: one that never was counts as hung up as well."""
    for name in os.listdir(OWN_FILES) if os.path.isdir(OWN_FILES) else ():
        try:
            with socket.socket(fileno=os.dup(int(name))) as file:
                file.getpeername()
        except OSError:
            continue
        yield int(name)
