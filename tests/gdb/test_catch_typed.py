# SPDX-License-Identifier: BSD-3-Clause
"""Catchpoints where GDB reads its commands itself, so that the guest runs in its event loop."""

import subprocess

from helpers.guests import Guest, arguments_of, printed_untraced
from helpers.process import SECONDS
from helpers.tracing import gdb_command
from helpers.tree import IMAGES, ROOT

SHORT = [*arguments_of("smp"), "-append", "short"]


def typed(folder, *commands):
    """What GDB prints, and the guest's own end."""
    command = [word for word in gdb_command(IMAGES / "smp.elf") if word != "-batch"]
    with Guest(folder, SHORT) as guest:
        gdb = subprocess.run(
            command,
            cwd=ROOT,
            input="\n".join([f"target remote {guest.socket}", *commands, ""]),
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        ended = guest.finished()
    assert (ended.status, ended.out) == (0, printed_untraced(SHORT)), gdb
    return gdb


def test_commands_of_a_stop_that_is_shown_go_on_with_the_guest(folder):
    """Run within the event of the stop, their ``continue`` would leave GDB waiting for ever."""
    show = 'printf "[%s]\\n", $_hypercall_name'
    gdb = typed(folder, "catch hypercall pause_vm", "commands", show, "continue", "end", "continue")
    stops = [line for line in gdb.stdout.splitlines() if " hit Catchpoint 1 " in line]
    assert len(stops) == gdb.stdout.count("[pause_vm]\n") == 124, gdb
    assert gdb.stdout.count("#0  ") == len(stops), gdb


def test_a_command_that_fails_is_no_frame_that_cannot_be_shown(folder):
    gdb = typed(
        folder,
        "tcatch hypercall pause_vm",
        "commands",
        "print nosuch",
        "end",
        "continue",
        "continue",
    )
    assert 'No symbol "nosuch" in current context.\n' in gdb.stderr, gdb
    assert "no frame" not in gdb.stdout + gdb.stderr, gdb
