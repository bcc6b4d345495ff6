# SPDX-License-Identifier: BSD-3-Clause
"""A call by hand at stops all over a guest leaves it as it was."""

import ast
import re

import pytest

from helpers.calls_by_hand import SMP, untouched
from helpers.guests import Guest, arguments_of
from helpers.process import ended, run, start
from helpers.tracing import gdb_command
from helpers.tree import IN_GDB

EVERYWHERE = IN_GDB / "call_everywhere.py"
# What runs over and over: the process, its calls, the timer's handler, the way there and back.
BUSY = (
    "make_call make_all_calls call_at_shared_site call_from_process call_from_interrupt on_timer "
)
BUSY += "call_log_claim handle_trap trap_common guest_physical apic_end_of_interrupt"


def instructions(image) -> list[str]:
    """The addresses of the instructions of the functions that the guest is busy in."""
    found = []
    for name in BUSY.split():
        command = ["objdump", "-d", "--no-show-raw-insn", f"--disassemble={name}", image]
        found += re.findall(r"^(ffffffff[0-9a-f]{8}):", run(command).out.replace(" ", ""), re.M)
    return found


def calls_everywhere(folder, calls: int) -> dict[str, int]:
    """Make so many calls; the guest must end as ever."""
    command = gdb_command(SMP, f"target remote {folder / 'stub'}", f"source {EVERYWHERE}")
    words = {"CALLS": str(calls), "FOLDER": str(folder), "ADDRESSES": " ".join(instructions(SMP))}
    with Guest(folder, arguments_of("smp")) as guest:
        gdb = start(command, environment=words)
        with ended(gdb):
            out, err = gdb.communicate(timeout=1500)
        assert "RESULT" in out, (out[-2000:], err[-2000:])
        assert untouched(guest.finished())
    return ast.literal_eval(out[out.index("RESULT") + 7 :])


def check_outcomes(outcomes: dict[str, int], calls: int) -> None:
    assert outcomes["made"] == calls, outcomes
    assert {name for name in outcomes if name.startswith(("printed", "error"))} == set(), outcomes
    assert [n for n, count in outcomes.items() if n.startswith("changed") and count] == [], outcomes


def test_calls_all_over_the_guest_leave_it_as_it_was(folder):
    check_outcomes(calls_everywhere(folder, 25), 25)


@pytest.mark.long
def test_a_thousand_calls_all_over_the_guest(folder):
    outcomes = calls_everywhere(folder, 1000)
    check_outcomes(outcomes, 1000)
    assert outcomes["places"] > 150, outcomes
