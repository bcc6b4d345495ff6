# SPDX-License-Identifier: BSD-3-Clause
"""What GDB calls back runs no command, since the user's breakpoint commands would run there."""

import pytest
from live import Guest, common_arguments, gdb_at, gdb_command, image_of, printed_untraced, run

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
