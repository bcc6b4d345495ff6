# SPDX-License-Identifier: BSD-3-Clause
"""QEMU's monitor is asked through GDB's connection, whatever that is; no answer is a sentence."""

import shlex

from helpers.guests import QEMU, arguments_of, image_of
from helpers.process import run
from helpers.service_trace import CALLS_OF_SERVICE, calls_in
from helpers.tracing import gdb_command

SERVICE = image_of("service")
STRUCTURE = "get_api_version(version={major_version=1, minor_version=0}) = 0"
NO_MAP = "python import acrn_trace.in_gdb.stub as stub; stub.ask_monitor = lambda _: ''"


def test_a_guest_behind_a_pipe(folder):
    arguments = [
        word.replace("stdio", f"file:{folder / 'out'}") for word in arguments_of("service")
    ]
    stub = shlex.join(map(str, [QEMU, *arguments, "-S", "-gdb", "stdio"]))
    gdb = run(gdb_command(SERVICE, f"target remote | exec {stub}", "hypercall trace", "continue"))
    assert len(calls_in(gdb.out)) == CALLS_OF_SERVICE and STRUCTURE in gdb.out, gdb


def test_a_map_of_memory_that_is_empty_is_said_once(service):
    gdb, guest = service("hypercall trace", NO_MAP, "continue", "continue")
    said = "QEMU's monitor tells of no memory in 'info mtree -f'; tracing has ended.\n"
    assert gdb.err.count("acrn-trace: ") == gdb.err.count(said) == 1, gdb
    assert "no memory there" not in gdb.out and guest.status == 0, gdb


def test_a_call_by_hand_says_what_it_lacks(service):
    gdb, _ = service("hbreak guest_main", NO_MAP, "continue", "hypercall call get_api_version")
    assert "QEMU's monitor tells of no memory in 'info mtree -f'.\n" in gdb.err, gdb
