# SPDX-License-Identifier: BSD-3-Clause
"""The plugin stops the guest for GDB's catchpoints, at no other call and with no breakpoint."""

import re

import pytest
from acrn_trace.cli.plugin import ANSWERS_FROM, API_VARIABLE, api_of
from acrn_trace.base.places import PLUGIN
from helpers.guests import (
    QEMU,
    Guest,
    arguments_of,
    build_test_guests,
    common_arguments,
    image_of,
    printed_untraced,
)
from helpers.process import run
from helpers.smp_log import CALLS
from helpers.tracing import gdb_at
from helpers.tree import GUESTS

REGISTERS = "info registers"
# Goes on until the guest ends or is in a function, and prints how often it stopped before.
COUNT = """python exec('''
import gdb
met = -1
try:
    while gdb.selected_thread() and gdb.newest_frame().name() != "call_log_complete":
        met += 1
        gdb.execute("continue")
except gdb.error:  # the guest is gone before GDB can thank it for the news
    pass
print("met", met)
''')"""
CAUGHT = [
    "catch hypercall start_vm pause_vm",
    "catch hypercall -r /vm if $_hypercall_ret < 0 && $_hypercall_nr != 0x80000010",
    "tcatch hypercall set_vcpu_regs if $_hypercall_arg(1) == 2",
]


def arguments(folder, example: str) -> list[object]:
    return [*arguments_of(example), "-plugin", f"{PLUGIN},stops={folder / 'stops'}"]


def at_plugin(folder, example: str, *commands: str):
    """GDB's run, and QEMU's, of an example whose plugin stops it."""
    with Guest(folder, arguments(folder, example)) as guest:
        plugin = f"set hypercall plugin {folder / 'stops'}"
        gdb = gdb_at(guest, image_of(example), plugin, *commands)
        return gdb, guest.finished()


def stops(text: str) -> list[str]:
    """What GDB shows at each, and then."""
    shown, _, _ = text.partition("END\n")
    return re.split(r"^\n(?=Thread \d hit )", shown, flags=re.MULTILINE)[1:]


if api_of(QEMU) >= ANSWERS_FROM:

    @pytest.fixture(scope="module", autouse=True)
    def guests():
        build_test_guests()

    def test_a_stop_shows_what_one_by_a_breakpoint_shows(folder):
        """Registers, RFLAGS among them, frames, and what stopped it; and the guest goes on."""
        commands = [*CAUGHT, *("continue", REGISTERS, "backtrace 1") * 12, "info breakpoints"]
        ending = ("echo END\\n", "delete", "continue")
        gdb, guest = at_plugin(folder, "service", *commands, *ending)
        (folder / "stub").unlink(missing_ok=True)
        with Guest(folder, arguments_of("service")) as other:
            expected = gdb_at(other, image_of("service"), *commands, *ending)
        assert len(stops(expected.out)) == 12, expected
        assert stops(gdb.out) == stops(expected.out)
        assert (guest.status, guest.out) == (0, printed_untraced(arguments_of("service")))

    def test_under_timers_each_call_that_is_asked_for_is_met_once(folder):
        """On two vCPUs, whose interrupts make calls as well."""
        gdb, guest = at_plugin(
            *(folder, "smp", "catch hypercall pause_vm if $_hypercall_arg(1) == 7"),
            *("hbreak call_log_complete", COUNT, "delete", "continue"),
        )
        of_vcpu = sum(index % 4 == 2 and 1 + index % 15 == 7 for index in range(CALLS // 2))
        assert f"\nmet {2 * of_vcpu}\n" in gdb.out, gdb
        assert (guest.status, guest.out) == (0, printed_untraced(arguments_of("smp")))

    def test_a_call_whose_flags_would_be_lost_is_counted(folder):
        image = GUESTS / "flags.elf"
        line = [
            *common_arguments(),
            "-kernel",
            image,
            "-plugin",
            f"{PLUGIN},stops={folder / 'stops'}",
        ]
        with Guest(folder, line) as guest:
            gdb = gdb_at(
                *(guest, image, f"set hypercall plugin {folder / 'stops'}"),
                *("catch hypercall", COUNT),
            )
            ended = guest.finished()
        (met,) = map(int, re.findall(r"^met (\d+)$", gdb.out, re.MULTILINE))
        missed = sum(map(int, re.findall(r"(\d+) calls? may have been for a catchpoint", gdb.err)))
        assert ended.out == "flags: 64 kinds of code, 0 wrong\n"
        assert 0 < met < 2 * 64 == met + missed

    @pytest.mark.parametrize("step", ["stepi", "next"])
    def test_no_call_is_caught_where_gdb_steps_over_it(folder, step):
        gdb, guest = at_plugin(
            *(folder, "service", "hbreak start_user_vm", "continue", "delete", "catch hypercall"),
            *(step,) * 6,
            *("delete", "continue"),
        )
        assert "hit Catchpoint" not in gdb.out and "was stepped" in gdb.err
        assert (guest.status, guest.out) == (0, printed_untraced(arguments_of("service")))

    @pytest.mark.parametrize(
        ("commands", "said"),
        [
            (["hypercall trace"], "hypercall trace needs a breakpoint at each call"),
            (["hypercall mock acrn"], "needs a breakpoint at each call, and the plugin stops"),
            (["catch hypercall if $rip == 1"], "'$rip == 1' cannot be tested in QEMU; with"),
            (["catch hypercall if $_hypercall_arg(1) < -1"], "are not negative"),
            (
                ["catch hypercall /."],
                "150 calls, and with 'set hypercall plugin' 64 are as many as",
            ),
            (["catch hypercall /vm", "set hypercall plugin"], "caught or answered already"),
            (["set hypercall plugin /dev/null"], "/dev/null is no file of the plugin's: "),
        ],
    )
    def test_what_it_cannot_do_is_refused(folder, commands, said):
        gdb, _ = at_plugin(folder, "hello", *commands, "kill")
        assert said in gdb.err

    def test_without_a_file_breakpoints_stop_it_again(folder):
        gdb, _ = at_plugin(
            *(folder, "hello", "catch hypercall", "delete", "set hypercall plugin"),
            *("catch hypercall if $rsp != 0", "continue", "kill"),
        )
        assert "Thread 1 hit Catchpoint 2 (call to hypercall get_api_version)" in gdb.out

else:

    def test_it_needs_a_newer_qemu(folder):
        """QEMU says so itself, and where the plugin is told that it is for this one, the plugin."""
        line = [QEMU, *arguments(folder, "hello")]
        refused = run(line)
        assert refused.status != 0 and "requires API version 7" in refused.err
        refused = run(["env", f"{API_VARIABLE}={api_of(QEMU)}", *line])
        assert refused.status != 0 and "to stop at calls it needs QEMU 11.1" in refused.err
