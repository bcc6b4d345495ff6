# SPDX-License-Identifier: BSD-3-Clause
"""A trace ends with the same words whether GDB hears QEMU's last one or finds it gone.

QEMU says that it exits (W00) and hangs up; with both at once it is chance which of them GDB sees.
"""

import select
import socket
import threading

import pytest

from helpers.guests import Guest, arguments_of
from helpers.process import run
from helpers.service_trace import CALLS_OF_SERVICE, SERVICE, calls_in, untouched
from helpers.tracing import gdb_command

LAST = b"$W00#b7"


def pass_on(server: socket.socket, stub: str, heard: bool, answered: bool) -> None:
    """Between GDB, which connects to ``server``, and QEMU, up to QEMU's last word.

    GDB hears that if ``heard``. If not ``answered``, its packets are acknowledged with the reply.
    """
    ack = b""
    with server.accept()[0] as gdb, socket.socket(socket.AF_UNIX) as qemu:
        qemu.connect(stub)
        while True:
            for speaker in select.select([gdb, qemu], [], [])[0]:
                said = speaker.recv(1 << 16)
                if speaker is gdb:
                    qemu.sendall(said)
                elif said == b"+" and not answered:
                    ack = said
                elif LAST in said and not heard:
                    return
                else:
                    gdb.sendall(ack + said)
                    ack = b""
                if LAST in said:
                    assert gdb.recv(1) == b"+"
                    return


@pytest.mark.parametrize("heard, answered", [(True, True), (False, True), (False, False)])
def test_the_last_line_is_not_chance(heard, answered, folder):
    with Guest(folder, arguments_of("service")) as guest, socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "between"))
        server.listen()
        words = (server, str(guest.socket), heard, answered)
        between = threading.Thread(target=pass_on, args=words, daemon=True)
        between.start()
        commands = (f"target remote {folder / 'between'}", "hypercall trace", "continue")
        gdb = run(gdb_command(SERVICE, *commands))
        between.join()
        assert len(calls_in(gdb.out)) == CALLS_OF_SERVICE
        assert ("exited normally" in gdb.out) == heard
        assert gdb.out.endswith("\n+++ the connection to the guest ended +++\n")
        assert untouched(guest.finished())
