# SPDX-License-Identifier: BSD-3-Clause
"""What is left of catchpoints when the guest is gone and GDB has another one."""

from helpers.guests import Guest, arguments_of
from helpers.process import run
from helpers.tracing import gdb_command
from helpers.tree import IMAGES


def test_what_was_for_one_thread_is_gone_with_its_guest(folder):
    """GDB deletes it and does not tell Python: it would stop the next guest, listed no more."""
    for name in ("first", "second"):
        (folder / name).mkdir()
    first = Guest(folder / "first", arguments_of("service"))
    with first, Guest(folder / "second", arguments_of("service")) as second:
        gdb = run(
            gdb_command(
                IMAGES / "service.elf",
                f"target remote {first.socket}",
                *("catch hypercall -r create_vm thread 1", "tcatch hypercall destroy_vm thread 1"),
                *("continue", "kill", "info breakpoints"),
                f"target remote {second.socket}",
                *("catch hypercall start_vm", "continue", "info breakpoints", "kill"),
            )
        )
    hits = [line for line in gdb.out.splitlines() if " hit Catchpoint " in line]
    assert [line.split(",")[0] for line in hits] == [
        "Thread 1 hit Catchpoint 1 (returned from hypercall create_vm = 0)",
        "Thread 1 hit Catchpoint 3 (call to hypercall start_vm)",
    ], gdb
    assert "\nNo breakpoints" in gdb.out, gdb  # GDB 13 and 16 go on in different words
    assert gdb.out.count("Catchpoint 1 already hit") == 0, gdb
    assert gdb.out.count("Catchpoint 3 already hit 1 time\n") == 1, gdb
