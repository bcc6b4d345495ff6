# SPDX-License-Identifier: BSD-3-Clause
"""The plugin sees every call of two vCPUs under timers, as the guest itself wrote them down."""

import json

import pytest
from helpers.guests import arguments_of, common_arguments, image_of, printed_untraced
from helpers.process import SECONDS, ended, run, start, wait_until
from helpers.smp_log import CALLS, logged_calls, traced_calls
from helpers.stating import build_stating_guests
from helpers.stating import image_of as stating_image
from helpers.tracing import acrn_trace, gdb_command
from helpers.tree import IMAGES, LAUNCHER

EXAMPLES = ("hello", "service", "clobber", "recorder")
MOVED = IMAGES / "hypervisor-moved.elf"
KEY = b"".join(bytes(byte + row for byte in b"Rq8zKw3vXp5mJt1b") for row in range(4))


def record(folder, example, *more):
    return [
        *(LAUNCHER, "record", "--engine", "plugin", "-o", folder / "trace"),
        *(image_of(example), "--", *arguments_of(example), *more),
    ]


def events_in(trace):
    shown = acrn_trace("report", "-f", "jsonl", trace)
    assert shown.status == 0, shown
    return [json.loads(line) for line in shown.out.splitlines()]


def test_each_of_10000_calls_is_as_the_guest_wrote_it_down(folder):
    socket = folder / "stub"
    stub = ("-S", "-gdb", f"unix:{socket},server=on,wait=off")
    with ended(start(record(folder, "smp", *stub))) as recording:
        wait_until(lambda: socket.exists() or recording.poll() is not None)
        gdb = run(
            gdb_command(
                image_of("smp"),
                f"target remote {socket}",
                "break call_log_complete",
                "continue",
                "set max-value-size unlimited",
                f"dump binary value {folder / 'log'} call_log",
                "delete",
                "continue",
            )
        )
        out, err = recording.communicate(timeout=SECONDS)
    assert (recording.returncode, out) == (0, printed_untraced(arguments_of("smp"))), (err, gdb)
    assert err == f"acrn-trace: {CALLS} calls recorded, 0 lost\n"
    assert traced_calls(events_in(folder / "trace")) == logged_calls(folder / "log", CALLS)


@pytest.mark.parametrize("example", EXAMPLES)
def test_calls_are_those_that_breakpoints_see(folder, example):
    made = run(record(folder, example))
    assert (made.status, made.out) == (0, printed_untraced(arguments_of(example))), made
    traced = acrn_trace(
        *("-f", "jsonl", "-o", folder / "stops"), image_of(example), "--", *arguments_of(example)
    )
    assert traced.status == 0, traced
    stops = [json.loads(line) for line in (folder / "stops").read_text().splitlines()]
    assert compared(events_in(folder / "trace")) == compared(stops)


def test_of_a_hostile_guest_it_captures_what_breakpoints_see_and_no_secret(folder):
    """Through a nested page table that is no identity; counts, pointers and sizes are lies."""
    build_stating_guests()
    image = stating_image("gcc/hostile")
    line = (image, "--", *common_arguments(), "-kernel", MOVED, "-initrd", image)
    made = run([LAUNCHER, "record", "--engine", "plugin", "-o", folder / "trace", *line])
    assert made.status == 0, made
    traced = acrn_trace("-f", "jsonl", "-o", folder / "stops", *line)
    assert (traced.status, traced.out) == (0, made.out), traced
    stops = [json.loads(line) for line in (folder / "stops").read_text().splitlines()]
    of_both = [
        compared(filter(stands_still, each)) for each in (events_in(folder / "trace"), stops)
    ]
    assert of_both[0] == of_both[1]
    assert len(of_both[0]) > 100
    data = (folder / "trace").read_bytes()
    assert not [at for at in range(len(KEY) - 3) if KEY[at:][:4] in data]


def stands_still(event):
    """Whether it does not read the firmware's memory, where clocks are."""
    regions = event["decoded"].get("regions")
    pointer = regions.get("regions_gpa") if isinstance(regions, dict) else None
    return not isinstance(pointer, dict) or int(pointer["address"], 16) > 0x1000


def compared(events):
    """What both engines know; RFLAGS is not among what QEMU tells a plugin."""
    keys = ("vcpu", "abi", "nr", "name", "args", "ret", "status", "symbol", "line", "decoded")
    of_both = []
    for event in events:
        changed = {name: pair for name, pair in event["clobbered"].items() if name != "rflags"}
        of_both.append([*(event[key] for key in keys), changed])
    return of_both
