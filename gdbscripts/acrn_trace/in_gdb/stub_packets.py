# SPDX-License-Identifier: BSD-3-Clause
"""Exchanges packets of GDB's remote protocol with a stub, over a descriptor that leads to it.

``in_gdb.stub`` finds the one of GDB's connection. A packet is ``$DATA#SUM``; each side answers one
with ``+``, unless the two have agreed not to.
"""

import os
import re
import select
import socket
import struct
from typing import Callable

from acrn_trace.base.errors import TargetError

MAX_ANSWER = 16 << 20  # bytes
SECONDS = 30.0  # without a byte; QEMU works on some requests before it answers
TICK = 0.05  # seconds between looks at whatever else there is
INTERRUPT = b"\x03"
PIPE = "|"  # how 'target remote | COMMAND' begins

_PACKET = re.compile(rb"([$%])([^$#]*)#([0-9a-fA-F]{2})")


class StubPackets:
    """One request, and the packets that answer it. TargetError says what went wrong."""

    def __init__(
        self, descriptor: int, seconds: float = SECONDS, look: Callable[[], None] | None = None
    ) -> None:
        """With ``look``, which is called at each tick, an answer may take as long as it likes."""
        self._descriptor = descriptor
        self._seconds = seconds
        self._look = look
        self._received = b""
        self._total = 0
        self._acknowledged = False  # so the stub wants to be told, too

    def send(self, data: bytes) -> None:
        self._write(b"$%s#%02x" % (data, sum(data) & 0xFF))

    def interrupt(self) -> None:
        """Ask a stub whose guest runs to stop it."""
        self._write(INTERRUPT)

    def receive(self) -> bytes:
        """The data of the next packet; notifications (``%``) are passed over."""
        while True:
            match = _PACKET.search(self._received)
            if match is None:
                self._read()
                continue
            self._acknowledged |= b"+" in self._received[: match.start()]
            self._received = self._received[match.end() :]
            kind, data, sum_ = match.groups()
            if kind == b"%":
                continue
            if sum(data) & 0xFF != int(sum_, 16):
                raise TargetError("the stub sent a packet whose checksum is wrong")
            if self._acknowledged:
                self._write(b"+")
            return data

    def _read(self) -> None:
        self._wait(select.POLLIN)
        data = self._tried(lambda: os.read(self._descriptor, 1 << 16))
        if not data:
            raise TargetError("the stub has closed the connection")
        self._received += data
        self._total += len(data)
        if self._total > MAX_ANSWER:
            raise TargetError(f"the stub's answer is longer than {MAX_ANSWER} bytes")

    def _write(self, data: bytes) -> None:
        while data:
            self._wait(select.POLLOUT)
            data = data[self._tried(lambda: os.write(self._descriptor, data)) :]

    def _wait(self, event: int) -> None:
        poll = select.poll()
        poll.register(self._descriptor, event)
        while not poll.poll((TICK if self._look else self._seconds) * 1000):
            if self._look is None:
                raise TargetError(f"the stub has not answered for {self._seconds:g} seconds")
            self._look()

    @staticmethod
    def _tried(action):
        try:
            return action()
        except OSError as error:
            raise TargetError(f"the stub cannot be reached: {error.strerror}") from None


def monitor_output(packets: StubPackets, command: str) -> str:
    """What QEMU's monitor prints for ``command``: packets of text until the last, ``OK``."""
    packets.send(b"qRcmd," + command.encode().hex().encode())
    printed = b""
    while (data := packets.receive()) != b"OK":
        if not data:
            raise TargetError("the stub has no monitor")
        text = data[1:] if data.startswith(b"O") else data
        try:
            printed += bytes.fromhex(text.decode("ascii"))
        except ValueError:
            raise TargetError(f"the stub answered {data[:20].decode(errors='replace')!r}") from None
    return printed.decode(errors="backslashreplace").replace("\r\n", "\n")


def run_vcpu(packets: StubPackets, how: str, vcpu: str) -> bool:
    """Let one vCPU alone run until it stops; False where the stub does not let it.

    ``how`` is a letter of vCont's: ``c``, or ``s`` for one instruction; ``vcpu`` is the stub's name
    of it, ``pPROCESS.THREAD``. TargetError once the guest is gone.
    """
    packets.send(f"vCont;{how}:{vcpu}".encode())
    while (reply := packets.receive())[:1] == b"O":
        continue  # what the guest prints by way of the stub
    if reply[:1] in (b"W", b"X"):
        raise TargetError("the guest is gone")
    return reply[:1] in (b"T", b"S")


def stub_hung_up(descriptor: int | None) -> bool:
    """Whether the stub has closed its end of GDB's connection, which GDB may have said to be gone
    but not closed yet; False where nobody can tell."""
    if descriptor is None:
        return False
    poll = select.poll()
    poll.register(descriptor, select.POLLRDHUP)
    return bool(poll.poll(0))


def leads_to(descriptor: int, place: str) -> bool:
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
