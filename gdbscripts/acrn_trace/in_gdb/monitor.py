# SPDX-License-Identifier: BSD-3-Clause
"""Asks QEMU's monitor, through GDB's connection with the stub and without a command of GDB's.

GDB's own ``monitor`` is a command, which nothing that GDB calls back may run, and in MI newer
versions of GDB give its answer in MI's form. Packets by GDB's Python get the first line alone.
"""

import signal

import gdb

from acrn_trace.base.errors import TargetError
from acrn_trace.in_gdb.connection import stub_descriptor
from acrn_trace.in_gdb.stub_packets import StubPackets, ask_monitor


def ask(command: str) -> str:
    """What the monitor prints; TargetError, a sentence, where it cannot be asked."""
    connection = gdb.selected_inferior().connection
    if not isinstance(connection, gdb.RemoteTargetConnection):
        raise TargetError(f"QEMU's monitor cannot be asked for '{command}': no stub is connected")
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # half an answer would stay
    try:
        # GDB refuses this one while the guest runs, and is done with all that came before.
        connection.send_packet(b"qAttached")
        return ask_monitor(StubPackets(_descriptor(connection)), command)
    except (TargetError, gdb.error) as error:
        why = str(error).rstrip(".")
        raise TargetError(f"QEMU's monitor did not answer '{command}': {why}") from None
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _descriptor(connection: gdb.RemoteTargetConnection) -> int:
    descriptor = stub_descriptor()
    if descriptor is None:
        raise TargetError(f"GDB's connection {connection.details} is no socket")
    return descriptor
