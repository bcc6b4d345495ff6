# SPDX-License-Identifier: BSD-3-Clause
"""A hypervisor that breaks registers is caught: every register, alone and together, everywhere."""

import pytest

from helpers.canonical import events_of
from helpers.engines import in_each_engine
from helpers.guests import arguments_of, printed_untraced
from helpers.tracing import trace_example

REGISTERS = "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15".split()
PATTERN = 0x5A5A5A5A00000000
PROCESS, INTERRUPT = 0, 1
CARRY = 1 << 16
ROUNDS = [1 << n for n in range(1, 16)] + [CARRY, 0xFFFE, 0xFFFE | CARRY, 0]
PLACES = [(vcpu, context) for vcpu in (0, 1) for context in (PROCESS, INTERRUPT)]


def broken_by(mask: int) -> set[str]:
    names = {name for n, name in enumerate(REGISTERS) if mask >> n & 1}
    return names | ({"rflags"} if mask & CARRY else set())


def probes(events: list[dict]) -> dict[tuple[int, int], list[dict]]:
    """(vCPU, context) to the probing calls made there, in order; the guest tags their RSI."""
    found: dict[tuple[int, int], list[dict]] = {}
    for event in sorted(events, key=lambda event: event["seq"]):
        if event["name"] == "get_api_version":
            tag = int(event["args"][1], 16)
            assert event["vcpu"] == tag >> 16
            found.setdefault((tag >> 16, tag >> 8 & 1), []).append(event)
    return found


def check_values(event: dict) -> None:
    """Each pair differs by the hypervisor's pattern; the values before are the guest's own."""
    for name, (before, after) in event["clobbered"].items():
        before, after = int(before, 16), int(after, 16)
        if name == "rflags":
            assert before ^ after == 1
            continue
        assert before ^ after == PATTERN + REGISTERS.index(name)
        if name in ("r8", "rsi", "rdi"):  # the number and the arguments
            given = {"r8": event["nr"], "rdi": event["args"][0], "rsi": event["args"][1]}
            assert before == int(given[name], 16)
        elif name != "rsp":
            assert before == 0x1000000000000000 + REGISTERS.index(name)


def check_findings(event: dict) -> None:
    texts = [finding["text"] for finding in event["findings"]]
    assert [finding["kind"] for finding in event["findings"]] == ["clobber"] * len(texts)
    assert len(texts) == len(event["clobbered"])
    for text, (name, (before, after)) in zip(texts, event["clobbered"].items()):
        assert text.startswith(
            f"get_api_version changed {name}: {before} => {after}, at probe_call.S"
        )


@in_each_engine
def test_every_broken_register_is_named_with_both_values(engine, folder):
    options = ("--engine", engine, "-f", "jsonl", "-o", folder / "trace", "--fail-on", "clobber")
    traced = trace_example("clobber", *options)
    assert traced.status == 1, traced
    assert traced.out == printed_untraced(arguments_of("clobber"))
    events = events_of(folder / "trace")
    assert {event["status"] for event in events} == {"returned"}
    calls = probes(events)
    assert sorted(calls) == PLACES
    for place in PLACES:
        broken = [set(event["clobbered"]) for event in calls[place]]
        unknown = {"rflags"} if engine == "plugin" else set()
        assert broken == [broken_by(mask) - unknown for mask in ROUNDS], place
        for event in calls[place]:
            assert event["ret"] == 0
            check_values(event)
            check_findings(event)
    others = [event for event in events if event["name"] != "get_api_version"]
    assert len(others) == len(events) - len(PLACES) * len(ROUNDS) == len(PLACES) * len(ROUNDS)
    assert all(event["findings"] == [] and event["clobbered"] == {} for event in others)


@in_each_engine
@pytest.mark.parametrize("kind", ["clobber", "any"])
def test_the_clean_run_has_no_finding(kind, engine, folder):
    options = ("--engine", engine, "-f", "jsonl", "-o", folder / "trace", "--fail-on", kind)
    traced = trace_example("clobber", *options, more=["-append", "clean"])
    assert traced.status == 0, traced
    assert traced.out == printed_untraced([*arguments_of("clobber"), "-append", "clean"])
    events = events_of(folder / "trace")
    assert {place: len(calls) for place, calls in probes(events).items()} == dict.fromkeys(
        PLACES, len(ROUNDS)
    )
    assert all(event["findings"] == [] and event["clobbered"] == {} for event in events)
