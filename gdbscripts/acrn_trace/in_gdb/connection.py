# SPDX-License-Identifier: BSD-3-Clause
"""Whether the stub is still there, without a word to it.

GDB learns that the stub is gone by its next packet. One that Python sends in ``gdb.events.cont``
must not be that packet: GDB lets go of the vCPUs there and then, and goes on with the vCPU that it
was about to resume, which crashes it (seen with 13).
"""

import os
import select
import socket

OWN_FILES = "/proc/self/fd"


def stub_hung_up() -> bool:
    """Whether a socket of GDB's has lost its other end; False where nobody can tell."""
    poll = select.poll()
    for name in os.listdir(OWN_FILES) if os.path.isdir(OWN_FILES) else ():
        if _is_connected(int(name)):
            poll.register(int(name), select.POLLRDHUP)
    return bool(poll.poll(0))


def _is_connected(descriptor: int) -> bool:
    """Whether it is a socket with a peer: one that never had any counts as hung up as well."""
    try:
        file = socket.socket(fileno=descriptor)
    except OSError:
        return False
    try:
        file.getpeername()
        return True
    except OSError:
        return False
    finally:
        file.detach()  # it is GDB's
