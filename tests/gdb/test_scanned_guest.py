# SPDX-License-Identifier: BSD-3-Clause
"""A guest whose image says nothing is traced as exactly as one with records."""

import re
from pathlib import Path

import pytest

from helpers.canonical import events_of
from helpers.guests import Guest, arguments_of, image_of, printed_untraced
from helpers.process import run
from helpers.smp_log import trace_smp
from helpers.tracing import acrn_trace, gdb_at, gdb_command

# What an image without records, symbols and debug information cannot tell.
FROM_RECORDS = ("symbol", "file", "line")
BY_CHANCE = ("time", "duration", "seq", "repeats", "repeats_unknown")


@pytest.fixture
def stripped(folder):
    """An example's image without records, symbols and debug information."""

    def strip(example: str) -> Path:
        image = folder / f"{example}.elf"
        assert run(["strip", "-s", "-o", image, image_of(example)]).status == 0
        assert run(["objcopy", "-R", ".acrn_sites", image]).status == 0
        return image

    return strip


def trace(image: Path, example: str, output: Path) -> list[dict]:
    """The events of a run of the example as QEMU runs it, with ``image`` for the sites alone."""
    options = ["-f", "jsonl", "-o", output]
    traced = acrn_trace(*options, image, "--", *arguments_of(example))
    assert traced.status == 0, traced
    assert traced.out == printed_untraced(arguments_of(example))
    return events_of(output)


def comparable(event: dict) -> str:
    left_out = FROM_RECORDS + BY_CHANCE
    return str({key: value for key, value in event.items() if key not in left_out})


def test_service(stripped, folder):
    recorded = trace(image_of("service"), "service", folder / "recorded")
    scanned = trace(stripped("service"), "service", folder / "scanned")
    assert [event["file"] for event in scanned] == [None] * len(recorded)
    assert list(map(comparable, scanned)) == list(map(comparable, recorded))


@pytest.mark.long
def test_smp(stripped, folder):
    """Every one of its calls, on two vCPUs and in interrupts, against what the guest wrote down."""
    smp = trace_smp(folder, stripped("smp"), f"symbol-file {image_of('smp')}")
    assert {event["symbol"] for event in smp.events} == {None}
    assert smp.traced == smp.logged


def test_sites_and_trace_in_gdb(stripped, folder):
    image = stripped("service")
    with Guest(folder, arguments_of("service")) as guest:
        gdb = gdb_at(guest, image, "hypercall sites -l", "hypercall trace", "continue")
        assert guest.finished().status == 0
    assert "13 sites, all by scan\n" in gdb.out
    assert re.search(r"^ => 0xffffffff80\w+  vmcall  # create_vm\(rdi\)$", gdb.out, re.M)
    assert re.search(r"^\[0\] \d+\.\d+ create_vm\(vm=.* = 0", gdb.out, re.M), gdb.out


def create_vm_site(text: str) -> int:
    return int(re.search(r"^(0x\w+) create_vm ", text, re.M)[1], 16)


def test_an_offset_moves_sites_symbols_and_lines():
    image = image_of("service")
    at_home = run(gdb_command(image, "hypercall sites")).out
    home = create_vm_site(at_home)
    for commands in (
        ["set hypercall offset 0x1000000"],
        [f"symbol-file -o 0x1000000 {image}"],
    ):
        moved = run(gdb_command(image, *commands, "hypercall sites")).out
        assert create_vm_site(moved) == home + 0x1000000
        assert "user_vm.c:" in moved and "create_user_vm" in moved
    back = ["set hypercall offset 0x5", "set hypercall offset auto", "hypercall sites"]
    assert create_vm_site(run(gdb_command(image, *back)).out) == home


def test_a_traced_guest_with_a_wrong_offset_makes_no_events_and_no_harm(folder):
    offset = ["--offset", "0x10000000", "-f", "jsonl", "-o", folder / "trace"]
    traced = acrn_trace(*offset, image_of("service"), "--", *arguments_of("service"))
    assert traced.status == 3 and "no site of the image was reached" in traced.err, traced
    assert events_of(folder / "trace") == []


def moved_image(image: Path, folder: Path, distance: int) -> Path:
    """The image as if it had been linked ``distance`` from where it runs."""
    moved = folder / "moved.elf"
    change = ["objcopy", "--change-addresses", hex(distance), image, moved]
    assert run(change).status == 0
    return moved


def test_a_guest_that_runs_elsewhere_than_linked_is_traced(stripped, folder):
    moved = moved_image(stripped("service"), folder, -0x1000000)
    options = ["--offset", "0x1000000", "-f", "jsonl", "-o", folder / "trace"]
    kernel = arguments_of("service")
    traced = acrn_trace(*options, moved, "--", *kernel)
    assert traced.status == 0, traced
    straight = trace(image_of("service"), "service", folder / "straight")
    assert [e["site"] for e in events_of(folder / "trace")] == [e["site"] for e in straight]


@pytest.mark.parametrize(
    "command, words",
    [
        ("set hypercall offset here", "takes 'auto' or a number, and was given 'here'"),
        ("hypercall sites -x", "takes -l or nothing, and was given '-x'"),
    ],
)
def test_what_is_wrong_is_one_sentence(command, words):
    gdb = run(gdb_command(image_of("service"), command, "show hypercall offset"))
    assert words in gdb.err and "Traceback" not in gdb.err
    assert "The load offset of the image is auto." in gdb.out


def test_the_launcher_checks_its_offset():
    refused = acrn_trace("--offset", "x", image_of("service"))
    assert refused.status == 2 and "--offset takes 'auto' or a number" in refused.err


def test_the_disassembly_names_the_calls():
    sites = run(gdb_command(image_of("service"), "hypercall sites")).out
    gdb = run(
        gdb_command(
            image_of("service"),
            f"x/i {create_vm_site(sites)}",
            "disassemble start_user_vm",
            "x/i guest_main",
        )
    )
    assert re.search(r"create_user_vm\+\d+>:\tvmcall  # create_vm\(rdi\)$", gdb.out, re.M)
    assert re.search(r"<\+\d+>:\tvmcall  # start_vm\(rdi\)$", gdb.out, re.M)
    assert gdb.out.count("#") == 2 and not gdb.err


def test_possible_sites_are_traced_when_asked(stripped, folder):
    """Without a way to it that the code shows, a site is possible."""
    source, image = folder / "only.s", folder / "only.elf"
    source.write_text("nop\nret\n.byte 6\nmovl $0x80000010, %r8d\nvmcall\nret\n")
    assert run(["gcc", "-nostdlib", "-static", "-o", image, source]).status == 0
    assert run(["strip", "-s", image]).status == 0
    gdb = run(gdb_command(image, "hypercall sites", "hypercall trace"))
    assert "0 sites and 1 possible one, all by scan" in gdb.out
    assert "has 1 possible hypercall site and no certain one" in gdb.err
    gdb = run(gdb_command(image, "set hypercall possible-sites on", "hypercall trace"))
    assert "no certain one" not in gdb.err
