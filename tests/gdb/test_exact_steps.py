# SPDX-License-Identifier: BSD-3-Clause
"""What makes GDB's steps exact beside a trace changes nothing that the user or the guest sees."""

import pytest

from helpers.guests import Guest, arguments_of, image_of, symbol
from helpers.tracing import gdb_at

IMAGE = image_of("smp")
ARGUMENTS = [*arguments_of("smp"), "-append", "short"]
SETTING = "remote swbreak-feature-packet"

FREE = """
import gdb
from acrn_trace.in_gdb.session import current_session

def state():
    gdb.execute("maint flush register-cache", to_string=True)
    return [gdb.execute(command, to_string=True) for command in (
        "thread apply all -q info registers", "thread", "maint packet qqemu.sstep")]

def free_twice():
    gdb.execute("thread apply all -q -s set $eflags = $eflags | 0x200", to_string=True)
    for _ in range(2):
        before = state()
        current_session().resumption.stepped.free()
        print("same" if state() == before and '"0x7"' in before[-1] else "changed")
"""


def test_the_end_of_a_step_runs_nothing_and_changes_no_register(folder):
    (folder / "free.py").write_text(FREE)
    with Guest(folder, ARGUMENTS) as guest:
        gdb = gdb_at(
            guest,
            IMAGE,
            f"source {folder / 'free.py'}",
            f"hypercall trace -o {folder / 'trace'}",
            "thread 2",
            "python free_twice()",  # vCPU 0 is at the reset vector, whose code segment has a base
            "thread 1",
            "python free_twice()",  # and vCPU 1 halted
            f"hbreak *{symbol(IMAGE, 'call_at_shared_site'):#x} if $rdx > 20",
            "continue",
            "python free_twice()",
            "continue",
            "python free_twice()",
            "kill",
        )
    lines = gdb.out.splitlines()
    assert lines.count("same") == 8 and "changed" not in lines, gdb


LEAVE = """
import gdb
from acrn_trace.in_gdb.session import current_session

def ask(packet):
    return gdb.selected_inferior().connection.send_packet(packet.encode()).decode()

def rip(vcpu):
    ask(f"Hgp1.{vcpu}")
    return int.from_bytes(bytes.fromhex(ask("p10")), "little")

def resume(actions, stands):
    place = rip(stands)
    ask(f"Z1,{place:x},1")
    told = ask(f"vCont;{actions}")
    ask(f"z1,{place:x},1")
    return told

def leave_in_step(steps, stands):
    while f"thread:p01.{stands:02x}" not in resume(f"s:p1.{steps};c:p1.{stands}", stands):
        pass

def passes_breakpoint(vcpu):
    before = rip(vcpu)
    resume(f"c:p1.{vcpu}", vcpu)
    return "passes" if rip(vcpu) != before else "stops"

def leave_and_free():
    stands = gdb.selected_thread().num
    steps = 3 - stands
    leave_in_step(steps, stands)
    print("left in its step:", passes_breakpoint(steps))
    leave_in_step(steps, stands)
    gdb.execute(f"thread {steps}")
    current_session().resumption.stepped.resumed()
    gdb.execute(f"thread {stands}")
    current_session().resumption.free_stepped()
    print("freed:", passes_breakpoint(steps))
"""


def test_a_step_that_another_stop_overtook_is_ended_wherever_the_vcpu_is(folder):
    (folder / "leave.py").write_text(LEAVE)
    with Guest(folder, ARGUMENTS) as guest:
        gdb = gdb_at(
            guest,
            IMAGE,
            f"source {folder / 'leave.py'}",
            f"hypercall trace -o {folder / 'trace'}",
            f"hbreak *{symbol(IMAGE, 'call_at_shared_site'):#x} if $rdx > 20",
            "continue",
            "python leave_and_free()",
            "kill",
        )
    lines = gdb.out.splitlines()
    assert "left in its step: passes" in lines and "freed: stops" in lines, gdb


@pytest.mark.parametrize("command, value", [("", "True"), (f"set {SETTING} off", "False")])
def test_stops_are_taken_as_in_place_unless_the_user_says_otherwise(command, value, folder):
    with Guest(folder, ARGUMENTS) as guest:
        gdb = gdb_at(
            guest,
            IMAGE,
            command or "echo",
            "hypercall trace -c",
            f"python print('setting', gdb.parameter('{SETTING}'))",
            "kill",
        )
    assert f"setting {value}" in gdb.out, gdb
