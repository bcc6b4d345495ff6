# SPDX-License-Identifier: BSD-3-Clause
"""Catchpoints in GDB's text user interface. Long, since not every machine has a terminal for it."""

import contextlib
import os
import pty
import subprocess

import pytest

from helpers.guests import Guest, arguments_of
from helpers.process import SECONDS, ended
from helpers.tracing import gdb_command
from helpers.tree import IMAGES, ROOT


def on_a_terminal(command):
    """Run ``command`` to its end and return what it printed there."""
    ours, its = pty.openpty()
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "TERM": "xterm"},
        stdin=its,
        stdout=its,
        stderr=its,
        start_new_session=True,
    )
    os.close(its)
    printed = b""
    with ended(process), open(ours, "rb", buffering=0) as terminal:
        with contextlib.suppress(OSError):  # the terminal's end
            while data := terminal.read(4096):
                printed += data
        process.wait(timeout=SECONDS)
    return printed.decode("utf-8", "backslashreplace")


@pytest.mark.long
def test_a_catchpoint_is_made_and_stops_the_guest(folder):
    """GDB 13 loses MI's answer there, which tells the number of what it made."""
    tell = "import gdb; file.write(str(gdb.convenience_variable('_hypercall_{}')) + ' ')"
    with Guest(folder, arguments_of("service")) as guest:
        command = gdb_command(
            IMAGES / "service.elf",
            f"target remote {guest.socket}",
            *("set pagination off", "set confirm off"),
            f"python file = open('{folder / 'told'}', 'w')",
            *("tbreak guest_main", "continue", "tui enable"),  # without source GDB 13 crashes
            *("catch hypercall start_vm if $_hypercall_arg(1) == 20", "continue"),
            *(f"python {tell.format('name')}", f"python {tell.format('nr')}"),
            *("python file.close()", "kill", "quit"),
        )
        printed = on_a_terminal([word for word in command if word != "-batch"])
    told = (folder / "told").read_text()
    assert told == f'"start_vm" {0x80000012} ', printed
