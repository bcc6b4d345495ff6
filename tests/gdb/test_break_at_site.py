# SPDX-License-Identifier: BSD-3-Clause
"""The user's own breakpoints at the VMCALL of a call that is answered: by a mock, by an injection.

GDB decides whether they stop the guest. Where they do, nothing has changed yet.
"""

import itertools
import re

import pytest

from helpers.canonical import events_of

SITE = "*(char *)call_once + 9"
ANSWERS = ["mock create_vm 5", "inject create_vm:retval=5"]
ANSWERED = [f"{n}: 0 0 0 = 5 {100 + n}" for n in range(6)]
LOOK = ("x/i $pc", "print $rax == 5")  # what a user sees where he is stopped
UNCHANGED = re.compile(r"<call_once\+9>:\tvmcall\n\$\d+ = 0\n")
END = ("delete", "continue")


@pytest.fixture
def answered(six_calls, folder):
    """Run commands where every call is answered, and traced: what GDB said."""

    def session(*commands: str, answer: str = ANSWERS[0], later: bool = True) -> str:
        """The breakpoints are set by the first of ``commands``, before or after the answer."""
        trace = folder / "trace"
        begin = [f"hypercall trace -f jsonl -o {trace}", f"hypercall {answer}", *commands]
        if not later:
            begin = [commands[0], *begin[:2], *commands[1:]]
        told, gdb = six_calls(*begin, *END)
        assert told == ANSWERED, gdb
        by = answer.split()[0]
        assert [(e["seq"], e["answered_by"], e["ret"]) for e in events_of(trace)] == [
            (n, by, 5) for n in range(6)
        ], gdb
        return gdb.out

    return session


@pytest.mark.parametrize(
    "kind, answer, later",
    [
        ("break", ANSWERS[0], True),
        ("hbreak", ANSWERS[0], False),
        ("break", ANSWERS[1], False),
        ("hbreak", ANSWERS[1], True),
    ],
)
def test_it_stops_there_and_the_call_is_answered_when_the_guest_goes_on(
    kind, answer, later, answered
):
    commands = (
        f"{kind} {SITE}",
        *("continue", *LOOK) * 2,
        "stepi",
        "print $rax",
        "continue",
        *LOOK,
    )
    out = answered(*commands, answer=answer, later=later)
    assert len(UNCHANGED.findall(out)) == 3, out
    assert re.findall(r"^\$\d+ = 5$", out, re.M) == ["$3 = 5"], out  # where stepi has arrived
    assert out.count("Breakpoint 1, call_once") == 3, out


STOPS = {  # what makes the breakpoint, to the calls at which it stops
    f"tbreak {SITE}": [100],
    f"break {SITE} if creation.vmid % 2": [101, 103, 105],
    f"break {SITE} thread 1 if $n++ > 3": [104, 105],
    f"break {SITE}|ignore 1 4": [104, 105],
    f"break {SITE}|enable count 2 1": [100, 101],
    f"break {SITE}|disable 1|tbreak between_calls if index == 4|continue|enable 1": [104, 105],
    f"break {SITE} if 0|break {SITE} if creation.vmid == 103": [103],
}


@pytest.mark.parametrize("made, later", zip(STOPS, itertools.cycle([True, False])))
def test_gdb_decides_whether_it_stops(made, later, answered):
    shown = (*LOOK, 'printf "at %d\\n", creation.vmid', "continue") * len(STOPS[made])
    first, *more = made.split("|")
    out = answered(first, "set $n = 0", *more, "continue", *shown, later=later)
    assert [int(at) for at in re.findall(r"^at (\d+)$", out, re.M)] == STOPS[made], out
    assert len(UNCHANGED.findall(out)) == len(STOPS[made]), out


@pytest.mark.parametrize("later", [True, False])
def test_its_commands_are_run_once_a_call(later, answered):
    commands = 'silent\\nprintf "[%d %d]", creation.vmid, $rax == 5\\ncontinue'
    out = answered(
        f"break {SITE}",
        f"python next(b for b in gdb.breakpoints() if b.number > 0).commands = '{commands}'",
        "continue",
        later=later,
    )
    assert re.findall(r"\[(\d+) 0\]", out) == [str(n) for n in range(100, 106)], out


NEXT = "python while int(gdb.parse_and_eval('creation.vmid')) < 102: gdb.execute('next')"


@pytest.mark.parametrize("on, vmid", [("finish", 100), ("advance between_calls", 100), (NEXT, 102)])
def test_what_the_user_is_about_goes_on_over_one_that_does_not_stop(on, vmid, answered):
    look = ("python print('in', gdb.newest_frame().name())", "print creation.vmid")
    begin = (f"break {SITE} if 0", "tbreak *call_once", "continue", "finish" * (on == NEXT))
    out = answered(*begin, on, *look)
    assert f"in guest_main\n$1 = {vmid}\n" in out, out


def test_a_catchpoint_beside_it(answered):
    out = answered(
        f"break {SITE} if creation.vmid != 101",
        "catch hypercall if creation.vmid < 102",
        *("continue", *LOOK) * 3,
    )
    assert len(UNCHANGED.findall(out)) == 3, out
    assert len(re.findall("hit Catchpoint 2", out)) == 2, out
    assert len(re.findall("Breakpoint 1, call_once", out)) == 2, out
