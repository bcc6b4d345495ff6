# SPDX-License-Identifier: BSD-3-Clause
"""What the user does with GDB while calls of two vCPUs are traced, answered or caught.

Whatever it is, each call is one event, as the guest itself wrote it down, and the guest ends as it
does untraced.
"""

import itertools
import re

import pytest

from acrn_trace.image.image import open_image
from acrn_trace.image.site_records import recorded_sites
from helpers.canonical import events_of
from helpers.command_line import command_line
from helpers.covering import covering
from helpers.guests import Guest, arguments_of, image_of, printed_untraced, symbol
from helpers.mi_front_end import front_end
from helpers.smp_log import logged_calls, traced_calls

IMAGE = image_of("smp")
ARGUMENTS = [*arguments_of("smp"), "-append", "short"]
CALLS = 500
SITE = next(
    site.address
    for site in recorded_sites(open_image(IMAGE))
    if site.function == "call_at_shared_site"
)
COMPLETE = symbol(IMAGE, "call_log_complete")

# The answers are those that the hypervisor gives.
CAUGHT = "pause_vm if $_hypercall_arg(2) % 16 == 2"
TOOL = {
    "trace": [],
    "mock": ["hypercall mock pause_vm -EPERM"],
    "catch": [f"catch hypercall {CAUGHT}", f"catch hypercall -r {CAUGHT}"],
    "inject": ["hypercall inject pause_vm:error=EPERM"],
}

# What is set up, and what is done in turn until all calls are made. HITS calls are stopped at, or
# fewer where another one comes in between. A breakpoint that GDB steps from ignores hits: at one
# whose condition is false a vCPU that is stepped may lose a call (docs/catch.md).
MADE = f"hbreak *{SITE:#x} if $rsi % 16 == 2"  # as CAUGHT
ENTERED = f"hbreak *{symbol(IMAGE, 'call_at_shared_site'):#x}"
HITS = 32
USER = {
    "display": ([MADE, "display/i $pc", "display/x $rax"], []),
    "hook-stop": ([MADE, "define hook-stop", "x/i $pc", "info registers rip", "end"], []),
    "stop handler": (
        [MADE, "python gdb.events.stop.connect(lambda event: gdb.execute('x/i $pc'))"],
        [],
    ),
    "step": ([ENTERED], ["step", "stepi", "step"]),
    "next": ([ENTERED], ["next", "nexti", "next"]),
    "finish": ([ENTERED], ["finish"]),
    "until": ([ENTERED], ["until", f"until *{SITE:#x}", f"advance *{SITE + 3:#x}"]),
    "tbreak": (
        [ENTERED],
        [f"tbreak *{SITE:#x}", "continue", f"thbreak *{SITE + 3:#x}", "continue"],
    ),
    "watchpoint": (["watch calls_claimed[1] if calls_claimed[1] % 8 == 3"], []),
    "commands": (
        [MADE, "commands", "silent", "set $hits = $hits + 1", "continue", "end"],
        [],
    ),
}
FRONT = {"CLI": command_line, "MI": front_end}

ROWS = list(itertools.product(TOOL, USER, FRONT))
# For the short run: each two choices that go together are in one of them.
CHOSEN = covering(ROWS, 2)


def run_all_calls(gdb, steps: list[str]) -> int:
    """The guest's run until it has made them: how often it stopped.

    A step over a VMCALL ends in the hypervisor, where GDB's steps break it, with or without us.
    """
    gdb.do("set $last = $bpnum")
    for stops in itertools.count():
        if steps:
            gdb.do("ignore $last 7")
        for command in ("continue", *steps):
            gdb.do(command)
            where = gdb.do("info symbol $pc")
            assert "No registers" not in where, gdb.said
            if "call_log_complete in" in where:
                return stops
            if "No symbol" in where:
                break


@pytest.mark.parametrize(
    "tool, user, front",
    [pytest.param(*row, marks=() if row in CHOSEN else pytest.mark.long) for row in ROWS],
)
def test_each_call_is_seen_once_and_the_guest_ends(tool, user, front, folder):
    trace, script, log = folder / "trace", folder / "user.gdb", folder / "log"
    setup, steps = USER[user]
    script.write_text("\n".join(["set $hits = 0", *TOOL[tool], *setup]) + "\n")
    with Guest(folder, ARGUMENTS) as guest:
        with FRONT[front](guest, IMAGE) as gdb:
            gdb.do(f"hypercall trace -f jsonl -o {trace}")
            gdb.do(f"hbreak *{COMPLETE:#x}")
            gdb.do(f"source {script}")
            stops = run_all_calls(gdb, steps)
            hits = int(re.search(r"\d+", gdb.do("output $hits"))[0])
            gdb.do("delete")
            gdb.do(f"dump binary value {log} *call_log@{CALLS}")
            gdb.do("hypercall trace off")
            gdb.run_to_end()
        ended = guest.finished()
    assert (ended.status, ended.out) == (0, printed_untraced(ARGUMENTS)), gdb.said
    assert not re.search("Traceback|Python Exception|internal-error|defect", gdb.said), gdb.said
    events = events_of(trace)
    assert traced_calls(events) == logged_calls(log, CALLS), gdb.said
    assert len(events) == CALLS and {e["status"] for e in events} == {"returned"}
    assert max(stops, hits) >= HITS // 8, gdb.said  # of two that coincide QEMU reports one
