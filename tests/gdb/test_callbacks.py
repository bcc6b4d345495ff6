# SPDX-License-Identifier: BSD-3-Clause
"""What GDB calls back runs no command, since the user's breakpoint commands would run there."""

import json

import pytest

from helpers.guests import Guest, arguments_of, common_arguments, image_of, printed_untraced
from helpers.process import Run, run
from helpers.service_trace import CALLS_OF_SERVICE, SERVICE
from helpers.tracing import gdb_at, gdb_command
from helpers.tree import IN_GDB, LOADER

HELLO = image_of("hello")
GOES_ON = r"python gdb.breakpoints()[-1].commands = 'echo BEFORE\\n\ncontinue'"
AT_SITE = "python gdb.execute(f'x/i {{sites[0] + {}:#x}}')"
BREAK_AT_SITE = "python gdb.execute(f'hbreak *{sites[0]:#x}')"
SITES = (
    "python import acrn_trace.in_gdb.image as image; "
    "sites = [site.address for site in image.current_sites(image.current_image())]"
)


def test_a_disassembly_at_a_call_whose_commands_go_on(folder):
    """The commands would run in the midst of it, and GDB would end."""
    arguments = [*common_arguments(), "-kernel", HELLO]
    with Guest(folder, arguments) as guest:
        gdb = gdb_at(guest, HELLO, "display/i $pc", SITES, BREAK_AT_SITE, GOES_ON, "continue")
        ended = guest.finished()
    assert (ended.status, ended.out) == (0, printed_untraced(arguments)), gdb
    assert "\tvmcall  # get_api_version(rdi)\nBEFORE\n" in gdb.out, gdb


@pytest.mark.parametrize(
    "kept, before", [("everything", ()), ("-g", ()), ("-s", ("hypercall sites",))]
)
def test_the_disassembly_names_the_calls_of_an_image_elsewhere(kept, before, folder):
    """By debug information, by symbols alone, and by what the last command was told."""
    image = folder / "image.elf"
    how = ["strip", kept] if kept.startswith("-") else ["objcopy"]
    target = ["-o", image, HELLO] if kept.startswith("-") else [HELLO, image]
    assert run([*how, *target]).status == 0
    move = f"symbol-file -o 0x1000000 {image}"
    gdb = run(gdb_command(image, SITES, move, *before, AT_SITE.format(0x1000000)))
    assert "\tvmcall  # get_api_version(rdi)\n" in gdb.out, gdb


# What the user has for each stop, of which all runs where GDB makes one.
AT_EACH_STOP = (
    "display/i $pc",
    "python gdb.execute('define hook-stop\\nx/i $pc\\nend')",
    "python gdb.events.stop.connect(lambda _: gdb.execute('x/2i $pc'))",
)
CATCH = (
    "catch hypercall start_vm",
    r"python gdb.breakpoints()[-1].commands = 'silent\necho CAUGHT\\n\ncontinue'",
)


def watched(guest: Guest, image: object, *commands: str) -> Run:
    """What GDB prints of these commands, while it tells of those that a callback runs."""
    watch = IN_GDB / "watch_callbacks.py"
    command = gdb_command(image, f"target remote {guest.socket}", *commands, loader=watch)
    gdb = run(command, environment={"ACRN_TRACE_LOADER": str(LOADER)})
    assert "The callbacks are watched.\n" in gdb.out and "IN A CALLBACK" not in gdb.err, gdb
    return gdb


@pytest.mark.parametrize("beside", [(), ("hypercall mock start_vm 0",), CATCH])
def test_a_disassembly_at_each_stop_of_a_call_that_goes_on(beside, folder):
    trace = f"hypercall trace -f jsonl -o {folder / 'trace'}"
    site = SITES.replace("]", " if site.function == 'start_user_vm']")
    with Guest(folder, arguments_of("service")) as guest:
        gdb = watched(
            *(guest, SERVICE, *AT_EACH_STOP, trace, *beside, site, BREAK_AT_SITE, GOES_ON),
            *("hbreak guest_main", "continue", "continue"),
        )
        ended = guest.finished()
    calls = [json.loads(line) for line in (folder / "trace").read_text().splitlines()]
    of_start = [call for call in calls if call["symbol"] == "start_user_vm"]
    assert len(calls) >= CALLS_OF_SERVICE and len(of_start) == 6, gdb
    assert {call["status"] for call in calls} == {"returned"}, calls
    # Where two have commands, GDB goes on by those that it runs first.
    assert gdb.out.count("BEFORE\n") + gdb.out.count("CAUGHT\n") == 6, gdb
    if beside != ("hypercall mock start_vm 0",):
        assert (ended.status, ended.out) == (0, printed_untraced(arguments_of("service"))), gdb


def test_a_disassembly_at_each_of_500_calls(folder):
    arguments = [*arguments_of("smp"), "-append", "short"]
    with Guest(folder, arguments) as guest:
        gdb = watched(
            *(guest, image_of("smp"), *AT_EACH_STOP),
            f"hypercall trace -q -f jsonl -o {folder / 'trace'}",
            *(CATCH[0].replace("start", "pause"), CATCH[1]),
            # GDB 18 runs no commands where the guest stops in another thread.
            "python while gdb.selected_thread(): gdb.execute('continue')",
            "info breakpoints",
        )
        ended = guest.finished()
    assert (ended.status, ended.out) == (0, printed_untraced(arguments)), gdb
    assert "Catchpoint 1 already hit 124 times\n" in gdb.out and "CAUGHT\n" in gdb.out, gdb
    assert len((folder / "trace").read_text().splitlines()) == 500, gdb
