# SPDX-License-Identifier: BSD-3-Clause
"""The same calls at both ends, under our hypervisor and under one that lies."""

import pytest

from helpers.canonical import events_of
from helpers.guests import Guest, arguments_of, common_arguments, image_of, printed_untraced
from helpers.stating import machine_of
from helpers.tracing import acrn_trace, gdb_at
from helpers.tree import HYPERVISOR, IMAGES, ROOT

DIFFERS = "hypervisor-differs"


@pytest.fixture
def both_sides(folder):
    """Trace an example with the hypervisor's symbols: its events, as JSON."""

    def trace(example: str, hypervisor: str, *options: object) -> list[dict]:
        output = folder / f"{example}-{hypervisor}"
        arguments = [word.replace(HYPERVISOR.name, hypervisor) for word in arguments_of(example)]
        given = ("--hypervisor", IMAGES / hypervisor, "-f", "jsonl", "-o", output, *options)
        traced = acrn_trace(*given, image_of(example), "--", *arguments)
        assert traced.status == (3 if "lies" in hypervisor else 0), traced
        return events_of(output)

    return trace


def kinds(event: dict) -> list[str]:
    return [finding["kind"] for finding in event["findings"]]


@pytest.mark.parametrize(
    "hypervisor", ["hypervisor.elf", "hypervisor-coincide.elf", "hypervisor-moved.elf"]
)
def test_every_call_is_seen_at_both_ends(hypervisor, both_sides):
    """Also where the hypervisor has code at the guest's own virtual addresses."""
    events = both_sides("service", hypervisor)
    assert len(events) > 20
    for event in events:
        side = event["hypervisor"]
        assert (side["nr"], side["args"]) == (event["nr"], event["args"])
        assert side["ret"] in (None, event["ret"])
        assert DIFFERS not in kinds(event)
    by_name = {event["name"]: event["hypervisor"]["handler"] for event in events}
    assert by_name["create_vm"] == "model_create_vm"
    assert by_name["hypercall_0x80000099"] is None
    refused = [event for event in events if event["name"] == "reset_vm" and event["ret"] == -1]
    assert {event["hypervisor"]["handler"] for event in refused} == {None}


def test_two_vcpus_and_interrupts_are_told_apart(folder):
    """No two calls of smp have the same second argument."""
    output = folder / "trace"
    commands = (
        f"set hypercall hypervisor-symbols {HYPERVISOR}",
        f"hypercall trace -f jsonl -o {output}",
        *("hbreak call_log_claim", "ignore 1 400", "continue", "hypercall trace off", "delete"),
    )
    with Guest(folder, arguments_of("smp")) as guest:
        gdb_at(guest, image_of("smp"), *commands, "continue")
        ended = guest.finished()
        assert (ended.status, ended.out) == (0, printed_untraced(arguments_of("smp")))
    events = [event for event in events_of(output) if event["status"] == "returned"]
    assert len(events) > 300 and {event["vcpu"] for event in events} == {0, 1}
    for event in events:
        assert event["hypervisor"]["args"] == event["args"]
        assert DIFFERS not in kinds(event)


def test_an_argument_that_arrives_as_another_is_found(both_sides):
    events = both_sides("service", "hypervisor-lies.elf", "-e", "trace=start_vm,create_vm")
    for event in events:
        lied = event["name"] == "start_vm"
        assert (DIFFERS in kinds(event)) == lied, event
    start = next(event for event in events if event["name"] == "start_vm")
    assert int(start["hypervisor"]["args"][0], 16) == int(start["args"][0], 16) ^ 8
    texts = [finding["text"] for finding in start["findings"]]
    assert "start_vm: argument 1 left the guest as 0x2 and arrived as 0xa" in texts


def test_a_result_that_the_guest_does_not_get_is_found(folder):
    """break_registers of mask 1 changes RAX on its way from the handler to the guest."""
    commands = (
        f"set hypercall hypervisor-symbols {HYPERVISOR}",
        f"hypercall load {ROOT / 'examples' / 'hypervisor' / 'hypervisor.def'}",
        *("hbreak make_call", "continue", "hypercall trace"),
        "hypercall call break_registers 1 0xffffffff",
        "hypercall call get_api_version",
        "hypercall call break_registers 0 0",
        *("delete", "hypercall trace off", "continue"),
    )
    with Guest(folder, arguments_of("smp")) as guest:
        gdb = gdb_at(guest, image_of("smp"), *commands)
        assert guest.finished().status == 0
    assert " | hypervisor: 0x80000000, 0x40" in gdb.out
    assert "model_get_api_version = 0\n" in gdb.out
    assert (
        "!! get_api_version: model_get_api_version returned 0 and the guest got 0x5a5a" in gdb.out
    )


# The hypervisor's dispatcher, were it linked at a place of the guest's.
COINCIDES = """
import dataclasses
import gdb
from acrn_trace.in_gdb import hypervisor
from acrn_trace.in_gdb.session import current_session

code = hypervisor.hypervisor_code(hypervisor.open_image("HYPERVISOR"))
here = int(gdb.parse_and_eval("(unsigned long) PLACE"))
first = BYTES or code.code[code.dispatch]
moved = dataclasses.replace(code, dispatch=here, code={**code.code, here: first})
hypervisor.hypervisor_code = lambda image: moved
side = hypervisor.HypervisorSide(current_session().resumption, "HYPERVISOR")
"""
SHOWN = "python print('ARRIVED', side.sides.unmatched); side.delete()"


def coinciding(folder, place: str, first: bytes = b"") -> str:
    """The command that plants it at ``place``, where its code begins with ``first``."""
    script = folder / "coincides.py"
    text = COINCIDES.replace("HYPERVISOR", str(HYPERVISOR)).replace("PLACE", place)
    script.write_text(text.replace("BYTES", repr(first)))
    return f"source {script}"


def test_the_guests_own_code_at_the_dispatchers_address_is_not_it(folder):
    commands = ("hbreak call_log_claim", "ignore 1 20", "continue", SHOWN, "delete")
    with Guest(folder, arguments_of("smp")) as guest:
        gdb = gdb_at(guest, image_of("smp"), coinciding(folder, "&make_call"), *commands)
        assert "ARRIVED 0\n" in gdb.out, gdb
        assert guest.finished().status == 0


def test_code_that_was_the_dispatchers_and_is_something_else_now_is_not_it(test_guest, folder):
    """A guest that runs eight times over one address, four times with these bytes there."""
    image = test_guest("patched")
    plant = coinciding(folder, "&past_the_call - 3", b"\x0f\x01\xc1")
    with Guest(folder, [*common_arguments(), "-kernel", image]) as guest:
        gdb = gdb_at(guest, image, plant, "continue", SHOWN)
        assert "ARRIVED 4\n" in gdb.out, gdb
        assert guest.finished().status == 0


def test_calls_that_no_site_has_made_are_counted(test_guest):
    """The second call of the guest is made by what is data to its image."""
    image = test_guest("made_code")
    traced = acrn_trace("--hypervisor", HYPERVISOR, image, "--", *machine_of(image))
    assert traced.status == 0 and traced.out.count("made_code: 0") == 2, traced
    assert traced.err.count("get_api_version(") == 1
    assert "+++ the hypervisor has taken 1 call that no traced site has made, " in traced.err


def test_what_is_no_hypervisor_is_refused():
    traced = acrn_trace(
        "--hypervisor", image_of("smp"), image_of("smp"), "--", *arguments_of("smp")
    )
    assert traced.status == 2 and "shows no hypercall dispatcher" in traced.err
