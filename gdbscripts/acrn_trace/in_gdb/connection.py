# SPDX-License-Identifier: BSD-3-Clause
"""Whether the stub is still there, without a word to it.

GDB learns that the stub is gone by its next packet. One that Python sends in ``gdb.events.cont``
must not be that packet: GDB lets go of the vCPUs there and then, and goes on with the vCPU that it
was about to resume, which crashes it (seen with 13).
"""

import os
import select
import socket

import gdb

OWN_FILES = "/proc/self/fd"


def stub_hung_up() -> bool:
    """Whether the stub has closed its end of GDB's connection; False where nobody can tell."""
    connection = gdb.selected_inferior().connection
    poll = select.poll()
    for name in os.listdir(OWN_FILES) if connection and os.path.isdir(OWN_FILES) else ():
        if _leads_to(int(name), connection.details or ""):
            poll.register(int(name), select.POLLRDHUP)
    return bool(poll.poll(0))


def _leads_to(descriptor: int, place: str) -> bool:
    """Whether it is a socket connected with ``place``, as in GDB's 'target remote'.

    That is HOST:PORT or a path; QEMU may call the latter by another path.
    """
    try:
        file = socket.socket(fileno=descriptor)
    except OSError:
        return False
    try:
        peer = file.getpeername()
    except OSError:  # it has none
        return False
    finally:
        file.detach()  # it is GDB's
    if isinstance(peer, tuple):
        return place.endswith(f":{peer[1]}")
    return os.path.basename(place) == os.path.basename(os.fsdecode(peer))
