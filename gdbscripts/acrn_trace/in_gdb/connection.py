# SPDX-License-Identifier: BSD-3-Clause
"""GDB's own connection with the stub: its descriptor, and whether the stub is still there.

GDB learns that the stub is gone by its next packet. One that Python sends in ``gdb.events.cont``
must not be that packet: GDB lets go of the vCPUs there and then, and goes on with the vCPU that it
was about to resume, which crashes it (seen with 13).
"""

import os
import select
import socket
import struct

import gdb

OWN_FILES = "/proc/self/fd"
PIPE = "|"  # how 'target remote | COMMAND' begins


def stub_hung_up(descriptor: int | None) -> bool:
    """Whether the stub has closed its end of GDB's connection, which GDB may have said to be gone
    but not closed yet; False where nobody can tell."""
    if descriptor is None:
        return False
    poll = select.poll()
    poll.register(descriptor, select.POLLRDHUP)
    return bool(poll.poll(0))


def stub_descriptor() -> int | None:
    """GDB's descriptor of its connection; None where nobody can tell which it is."""
    connection = gdb.selected_inferior().connection
    if connection is None or not os.path.isdir(OWN_FILES):
        return None
    place = connection.details or ""
    own = sorted(map(int, os.listdir(OWN_FILES)))
    return next((number for number in own if _leads_to(number, place)), None)


def _leads_to(descriptor: int, place: str) -> bool:
    """Whether it is connected with ``place``, as in GDB's 'target remote'.

    That is HOST:PORT, a socket's path, which QEMU may call by another, a device, or a command.
    """
    try:
        file = socket.socket(fileno=descriptor)
    except OSError:
        return _is_device(descriptor, place)
    try:
        peer = file.getpeername()
        maker = file.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    except OSError:  # it has none
        return False
    finally:
        file.detach()  # it is GDB's
    if isinstance(peer, tuple):
        return place.endswith(f":{peer[1]}")
    if place.startswith(PIPE):  # GDB makes a pair of sockets, for the command's input and output
        return not peer and struct.unpack("3i", maker)[0] == os.getpid()
    return os.path.basename(place) == os.path.basename(os.fsdecode(peer))


def _is_device(descriptor: int, place: str) -> bool:
    try:
        return os.path.isabs(place) and os.path.samestat(os.fstat(descriptor), os.stat(place))
    except OSError:
        return False
