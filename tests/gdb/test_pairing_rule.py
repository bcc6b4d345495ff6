# SPDX-License-Identifier: BSD-3-Clause
"""The pairing rule (docs/pairing.md) on real vCPUs; tests/unit has its sentences in full."""

import pytest

from helpers.canonical import events_of
from helpers.engines import ENGINES
from helpers.guests import arguments_of, common_arguments, printed_untraced
from helpers.process import Run
from helpers.tracing import acrn_trace, trace_example
from helpers.tree import HYPERVISOR, IMAGES

RESETS = [word for word in common_arguments() if word != "-no-reboot"]


@pytest.fixture(params=ENGINES)
def engine(request):
    return request.param


@pytest.fixture
def traced(test_guest, folder, engine):
    """Trace a test's guest: its events in entry order, the notices, and how the run went."""

    def trace(name: str, *more: str, arguments=None, status=0) -> tuple[list[dict], Run]:
        image, output = test_guest(name), folder / "trace"
        line = [*(arguments or common_arguments()), *more]
        options = ("--engine", engine, "-f", "jsonl", "-o", output)
        run = acrn_trace(*options, image, "--", *line)
        assert run.status == status, run
        assert run.out == printed_untraced([*line, "-kernel", image])
        return sorted(events_of(output), key=lambda event: event["seq"]), run

    return trace


def results(events: list[dict]) -> list[tuple[int, int | None]]:
    """Of each event the first argument and the result."""
    return [(int(event["args"][0], 16), event["ret"]) for event in events]


def line_numbers(events: list[dict]) -> list[int]:
    return [event["line"] for event in events]


def test_the_return_of_one_site_may_be_the_next_site(traced):
    events, _ = traced("adjacent")
    assert results(events) == [(0, 0), (0, 1), (1, 2), (1, 3), (2, 4), (2, 5)]
    first, second = line_numbers(events)[:2]
    assert line_numbers(events) == [first, second] * 3 and second == first + 1


def test_a_jump_past_the_site_is_no_return(traced):
    """Before, between and after calls; and in the handlers of an exception and an interrupt."""
    events, run = traced("jump")
    assert run.out == "jump: 0\njump: 1\n"
    assert results(events) == [(0x1111, 0), (0x1112, 1)]
    assert all(event["clobbered"] == {} for event in events)


def test_calls_within_calls_at_one_site(traced):
    events, _ = traced("nested")
    assert results(events) == [(0, 3), (1, 2), (2, 1), (3, 0)]
    ends = [event["time"] + event["duration"] for event in events]
    assert ends == sorted(ends, reverse=True)


@pytest.mark.parametrize("stack", ["shared", "own"])
def test_a_fault_and_a_retry_are_one_call_that_is_not_sure_of_it(traced, engine, stack):
    """The handler's stack is the call's, or one of its own (IST), where no frame gives it away. The
    plugin does not count how often an instruction began."""
    events, _ = traced("retry", *(["-append", stack] if stack == "shared" else []))
    assert results(events) == [(0, 0), (1, 1)]
    for event in (
        events if engine == "gdb" else ()
    ):  # twice faulted, and QEMU may have reported a stop twice
        assert event["repeats_unknown"] == event["repeats"] >= 2


def test_an_abandoned_call_ends_unfinished_when_its_frame_is_used_again(traced):
    events, _ = traced("abandon")
    assert results(events) == [(0, None), (1, 0), (2, None), (3, 1)]
    assert [event["status"] for event in events] == ["unfinished", "returned"] * 2


def test_a_thread_may_begin_on_one_vcpu_and_end_on_another(traced):
    events, _ = traced("migrate", "-smp", "2")
    assert results(events) == [(0, 0), (1, 1), (2, 2), (3, 3)]
    assert [(event["vcpu"], event["return_vcpu"]) for event in events] == [(0, 1), (1, 0)] * 2


def test_a_triple_fault_leaves_calls_unfinished(traced):
    events, run = traced("reset", status=3)
    assert run.err.startswith("acrn-trace: the guest ended in a triple fault (")
    assert "nobody" not in run.err  # the first call was answered
    assert run.out == "reset: boot 1\n"
    assert results(events) == [(0, 0), (1, None), (2, None)]
    assert [event["status"] for event in events] == ["returned", "unfinished", "unfinished"]


def test_a_reset_ends_the_calls_in_flight_and_the_trace_goes_on(traced):
    events, run = traced("reset", arguments=RESETS)
    assert run.out == "reset: boot 1\nreset: boot 2\nreset: 1\n"
    assert results(events) == [(0, 0), (1, None), (2, None), (0, 0), (1, 1)]


def test_a_reset_and_a_death_are_told(test_guest):
    reset = acrn_trace(test_guest("reset"), "--", *RESETS)
    assert "+++ the guest was reset, with 2 calls in flight +++\n" in reset.err
    died = acrn_trace(test_guest("reset"), "--", *common_arguments())
    assert ", with 2 calls in flight +++\n" in died.err


@pytest.mark.parametrize("example", ["service", "clobber"])
def test_a_hypervisor_at_the_same_addresses_is_not_the_guest(example, folder):
    """Its breakpoints are hit, with the guest's registers loaded, and CR3 tells them apart."""

    def calls_under(hypervisor: str) -> list[dict]:
        arguments = [word.replace(HYPERVISOR.name, hypervisor) for word in arguments_of(example)]
        output = folder / hypervisor
        run = acrn_trace("-f", "jsonl", "-o", output, IMAGES / f"{example}.elf", "--", *arguments)
        assert run.status == 0, run
        return [comparable(event) for event in events_of(output)]

    assert calls_under("hypervisor-coincide.elf") == calls_under("hypervisor.elf")


def comparable(event: dict) -> dict:
    """The event without what may differ from run to run; QEMU reports a stop twice now and then."""
    varies = {"time", "duration", "repeats", "repeats_unknown"}
    return {key: value for key, value in event.items() if key not in varies}


def test_the_same_trace_whichever_way_the_guest_gets_its_answers(folder):
    """hello answers itself; under the hypervisor the same image gives the same trace."""
    trace_example("hello", "-f", "jsonl", "-o", folder / "alone")
    under = ["-kernel", HYPERVISOR, "-initrd", IMAGES / "hello.elf"]
    image = IMAGES / "hello.elf"
    run = acrn_trace(
        "-f", "jsonl", "-o", folder / "under", image, "--", *common_arguments(), *under
    )
    assert run.status == 0, run
    alone, under_it = events_of(folder / "alone"), events_of(folder / "under")
    assert len(alone) == len(under_it) == 1
    for key in ("name", "vcpu", "site", "decoded", "ret", "clobbered", "findings"):
        assert alone[0][key] == under_it[0][key]
