# SPDX-License-Identifier: BSD-3-Clause
"""Real guests with a ring: read through the stub, and recorded without a stop."""

import re

import pytest

from acrn_trace.files.read import read_events
from helpers.guests import (
    Guest,
    arguments_of,
    image_of,
    make,
    moved_arguments_of,
    printed_untraced,
)
from helpers.tracing import acrn_trace, gdb_at
from helpers.tree import ROOT

EXAMPLE = "recorder"
CALL = r"(?m)^\[[01]\] \d\.\d+ (\w+)\("  # of a listing, its name
INTERRUPT = ROOT / "tests" / "helpers" / "in_gdb" / "interrupt_ring.py"
CALLS = [
    ("get_api_version", 0),
    ("hypercall_0x80000099", -25),
    ("hypercall_0x800000f0", 0),
    ("get_api_version", 0),
    ("hypercall_0x800000f0", 0),
    ("get_api_version", 0),
    ("pause_vm", -1),
]


def calls_in(path):
    return [(event.name, event.ret) for event in read_events(str(path))]


@pytest.mark.parametrize("machine_of", [arguments_of, moved_arguments_of])
def test_record_has_every_call_and_the_guest_prints_the_same(machine_of, folder):
    trace, arguments = folder / "trace", machine_of(EXAMPLE)
    done = acrn_trace("record", "-o", trace, image_of(EXAMPLE), "--", *arguments)
    assert (done.status, done.err) == (0, "acrn-trace: 7 calls recorded, 0 lost\n")
    assert done.out == printed_untraced(arguments)
    assert calls_in(trace) == CALLS
    events = list(read_events(str(trace)))
    assert {event.source for event in events} == {"ring"}
    assert [event.vcpu for event in events] == [0, 0, 0, 0, 0, 1, 1]
    assert set(events[3].clobbered) == {"r10", "r11"}
    assert events[0].site.function.startswith("ask_version") and events[0].site.line
    text = acrn_trace("report", trace)
    assert text.status == 0 and text.out.count(") = ") == 7 and text.out.count("!! ") == 2


def test_record_in_a_machine_with_ram_above_4_gib(folder):
    trace = folder / "trace"
    arguments = [*arguments_of(EXAMPLE), "-m", "5G"]
    done = acrn_trace("record", "-o", trace, image_of(EXAMPLE), "--", *arguments)
    assert done.status == 0, done.err
    assert calls_in(trace) == CALLS


def test_record_says_what_is_wrong(folder):
    hello = acrn_trace(
        "record", "-o", folder / "t", image_of("hello"), "--", *arguments_of("hello")
    )
    assert hello.status == 3 and "no ring header" in hello.err
    image = image_of(EXAMPLE)
    for words, said in (
        (["-o", "/no/where", image], "cannot write the trace"),
        (["-o", folder / "t", image, "--", "-m", "lots"], "not a size of memory"),
        (["-o", folder / "t", image, "--", "-machine", "memory-backend=x"], "its own"),
        (["-o", folder / "t", image, "--", "-no-such-option"], "QEMU did not start"),
    ):
        done = acrn_trace("record", *words)
        assert done.status in (2, 3) and said in done.err and done.err.count("\n") == 1, done


def test_the_ring_through_the_stub(folder):
    trace = folder / "trace"
    with Guest(folder, arguments_of(EXAMPLE)) as guest:
        done = gdb_at(
            guest,
            image_of(EXAMPLE),
            f"hypercall ring --follow -o {trace}",
            "hbreak print_records",
            "continue",
            "hypercall ring -n 3",
            "hypercall ring off",
            "delete",
            "detach",
        )
        finished = guest.finished()
    assert finished.status == 0 and finished.out == printed_untraced(arguments_of(EXAMPLE))
    assert re.findall(CALL, done.out) == [name for name, _ in CALLS[2:]]  # three and two
    assert "ring 0: 5 calls, room for 64; recording is on" in done.out
    assert "The ring: 7 calls recorded" in done.out
    assert calls_in(trace) == CALLS


def test_a_listing_that_is_interrupted(folder):
    """While C reads the records, through Python: GDB says so, and all goes on as before."""
    with Guest(folder, arguments_of(EXAMPLE)) as guest:
        done = gdb_at(
            guest,
            image_of(EXAMPLE),
            "hbreak print_records",
            "continue",
            f"source {INTERRUPT}",
            "hypercall ring",
            "echo interrupted\\n",
            "hypercall ring",
            "delete",
            "detach",
        )
        assert guest.finished().status == 0
    before, after = done.out.split("interrupted\n")
    assert done.err.startswith("Quit\n") and "ignored" not in done.err, done
    assert not re.findall(CALL, before), done
    assert re.findall(CALL, after) == [name for name, _ in CALLS]


@pytest.mark.parametrize(
    "broken, said",
    [
        (
            "sys.modules['_ctypes'] = None",
            "the Python of this GDB lacks what '{}' needs: import of _ctypes halted; "
            "None in sys.modules; use a GDB whose Python is the system's",
        ),
        (
            "import acrn_trace.base.places as places; places.READER_LIBRARY = '/no/where.so'",
            "cannot load the readers /no/where.so: /no/where.so: cannot open shared object file: "
            "No such file or directory; 'make readers' builds it",
        ),
    ],
)
@pytest.mark.parametrize("command", ["hypercall ring", "hypercall trace"])
def test_a_gdb_that_cannot_load_the_reader(folder, broken, said, command):
    options = " --follow -o /dev/null" if command == "hypercall ring" else ""
    with Guest(folder, arguments_of(EXAMPLE)) as guest:
        commands = [f"python import sys; {broken}", command + options]
        done = gdb_at(guest, image_of(EXAMPLE), *commands)
    assert done.err.count("\n") == 1 and said.format(command) in done.err, done


def test_the_watermark_drains_the_rings(folder):
    """More calls than the rings hold: none that was made before the last watermark is lost."""
    make("-f", "bench/throughput_guest/guest.mk")
    image = "build/bench/throughput.elf"
    arguments = [*arguments_of("hello"), "-smp", "2", "-m", "128M", "-kernel", image]
    trace = folder / "trace"
    with Guest(folder, arguments) as guest:
        done = gdb_at(guest, image, f"hypercall ring --follow -o {trace}", "continue")
        assert "throughput: 3000000 calls" in guest.finished().out
    recorded, lost = map(
        int, re.search(r"(\d+) calls recorded in .*, (\d+) lost up to there\.", done.out).groups()
    )
    assert recorded + lost == 3_000_000 and lost <= 4  # in flight at the end


def test_what_a_guest_without_a_word_leaves_unread_is_said(folder):
    make("-f", "bench/throughput_guest/guest.mk")
    image, trace = "build/bench/throughput.elf", folder / "trace"
    arguments = [*arguments_of("hello"), "-smp", "2", "-m", "128M", "-kernel", image]
    with Guest(folder, arguments) as guest:
        done = gdb_at(
            guest,
            image,
            f"hypercall ring --follow -o {trace}",
            "tbreak acrn_ring_watermark",
            "continue",
            "kill",
        )
    said = re.search(
        r"The ring: (\d+) calls .*; up to (\d+) made after the last look are not in it", done.out
    )
    assert said, done.out + done.err
    report = acrn_trace("report", trace)
    unread = re.findall(r"ring \d lost up to (\d+) calls .* after the last look", report.out)
    assert sum(map(int, unread)) == int(said[2]) > 0


def test_commands_that_cannot_be_done(folder):
    with Guest(folder, arguments_of("hello")) as guest:
        done = gdb_at(guest, image_of("hello"), "hypercall ring")
    assert "the image has no symbol acrn_ring_header" in done.err, done
    with Guest(folder, arguments_of(EXAMPLE)) as guest:
        done = gdb_at(
            guest, image_of(EXAMPLE), "hypercall ring", "hypercall ring off", "hypercall ring -n 0"
        )
    assert "no page in memory begins as a ring" in done.err, done
