# SPDX-License-Identifier: BSD-3-Clause
"""Exchanges packets of GDB's remote protocol with a stub, over a descriptor that leads to it.

A packet is ``$DATA#SUM``; each side answers one with ``+``, unless the two have agreed not to.
"""

import os
import re
import select
from typing import Callable

from acrn_trace.base.errors import TargetError

MAX_ANSWER = 16 << 20  # bytes
SECONDS = 30.0  # without a byte; QEMU works on some requests before it answers
TICK = 0.05  # seconds between looks at whatever else there is
INTERRUPT = b"\x03"

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


def ask_monitor(packets: StubPackets, command: str) -> str:
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
