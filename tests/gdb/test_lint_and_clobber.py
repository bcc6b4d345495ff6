# SPDX-License-Identifier: BSD-3-Clause
"""``hypercall lint`` and ``set hypercall clobber``, in GDB."""

import re

from helpers.guests import Guest, arguments_of, image_of, printed_untraced
from helpers.process import run
from helpers.tracing import gdb_at, gdb_command

CLOBBER = image_of("clobber")
RETURN = r"\nstopped: get_api_version changed (\w+), at probe_call.S:\d+ probe_call\n#0 "


def at_clobber(folder, *commands: str):
    with Guest(folder, arguments_of("clobber")) as guest:
        gdb = gdb_at(guest, CLOBBER, *commands)
        return gdb, guest.finished()


def test_stop_leaves_the_user_where_the_call_returns(folder):
    commands = ("set hypercall clobber stop", "hypercall trace", "continue", "p/x $rcx", "p/x $pc")
    gdb, guest = at_clobber(folder, *commands, "x/i $pc-3", "continue", "hypercall trace off")
    assert re.findall(RETURN, gdb.out) == ["rcx", "rdx"]
    assert "$1 = 0x4a5a5a5a00000000" in gdb.out and "vmcall" in gdb.out
    assert guest.out == printed_untraced(arguments_of("clobber"))


def test_off_compares_nothing_and_log_is_the_default(folder):
    gdb, _ = at_clobber(folder, "hypercall trace", "show hypercall clobber", "continue")
    assert "changed: log" in gdb.out and "changed rcx" in gdb.out and "stopped: " not in gdb.out
    (folder / "stub").unlink(missing_ok=True)
    gdb, _ = at_clobber(folder, "set hypercall clobber off", "hypercall trace", "continue")
    assert "get_api_version(" in gdb.out and "changed" not in gdb.out


def test_lint_in_gdb_says_what_the_launcher_says_at_the_guests_addresses():
    image = image_of("service")
    gdb = run(gdb_command(image, "hypercall lint", "set hypercall offset 0x1000", "hypercall lint"))
    here, moved = re.findall(
        r"^0x(\w+) service.c:\d+ guest_main: number-not", gdb.out, re.MULTILINE
    )
    assert int(moved, 16) - int(here, 16) == 0x1000
    assert gdb.out.count("1 finding") == 2
