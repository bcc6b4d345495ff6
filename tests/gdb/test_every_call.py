# SPDX-License-Identifier: BSD-3-Clause
"""Every call of the table, decoded, against what the guest itself says that it put into memory.

The guest (tests/guests/every_call.c) prints a line of JSON a call. It and the tool have nothing in
common but the C structures: numbers and names of calls, kinds of arguments, fields and the names of
their values are written down a second time there, in C.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from acrn_trace.tables.knowledge import acrn
from helpers.canonical import events_of
from helpers.guests import QEMU
from helpers.process import Run, run
from helpers.stating import build_stating_guests, image_of, machine_of
from helpers.tracing import acrn_trace
from helpers.tree import ROOT

PRIVATE = ROOT / "examples" / "hypervisor" / "hypervisor.def"
LONG = os.environ.get("ACRN_CHECK_LONG") == "1"
QUICK = ["gcc/every_call", "gcc/every_call-stripped", "clang/every_call-nodebug"]
OTHER = ["gcc/every_call-nodebug", "clang/every_call", "clang/every_call-stripped"]

CALLS = 41  # in the table of ACRN master
MAX_ELEMENTS = 1024  # that the tool reads of an array whose length the guest chooses
EXACT = 1 << 53  # from here on JSON readers lose integers

pytestmark = pytest.mark.xdist_group("every_call")


@pytest.fixture(scope="module", autouse=True)
def stating_guests() -> None:
    build_stating_guests()


def machine(image: Path, *more: object) -> list[object]:
    """With a hole at 0xa0000, where there is memory otherwise."""
    return machine_of(image, "-device", "VGA,romfile=", *more)


@pytest.fixture(scope="module")
def traced(tmp_path_factory):
    """Trace a build of the guest, once: its events in entry order, and the run."""
    done: dict[str, tuple[list[dict], Run]] = {}

    def trace(build: str) -> tuple[list[dict], Run]:
        if build not in done:
            image, output = image_of(build), tmp_path_factory.mktemp("trace") / "trace"
            line = ["-x", PRIVATE, "-f", "jsonl", "-o", output, image, "--"]
            traced = acrn_trace(*line, *machine(image))
            assert (traced.status, traced.err) == (0, "")
            done[build] = sorted(events_of(output), key=lambda e: e["seq"]), traced
        return done[build]

    return trace


def statements(out: str) -> list[dict]:
    """What the guest says of its calls, in order."""
    return [json.loads(line[7:]) for line in out.splitlines() if line.startswith("EXPECT ")]


def acrn_calls(events: list[dict]) -> list[dict]:
    """Without the private calls, by which the guest only tells its hypervisor how to answer."""
    return [event for event in events if event["name"] != "answer_pattern"]


# ---- a decoded tree against what the guest says was there before and after ----


def number(leaf: Any) -> int | None:
    if isinstance(leaf, int):
        return leaf
    return (
        int(leaf, 16)
        if isinstance(leaf, str) and leaf.startswith("0x") and "|" not in leaf
        else None
    )


def is_zero(stated: Any) -> bool:
    return all(map(is_zero, stated)) if isinstance(stated, list) else number(stated) == 0


def differences(tool: Any, before: Any, after: Any, path: str) -> list[str]:
    """Where ``tool`` is not what the guest stated: a list of sentences."""
    if isinstance(tool, dict) and tool.keys() == {"in", "out"}:
        if before == after:
            return [f"{path}: {tool}, but nothing changed"]
        inner = differences(tool["in"], before, before, f"{path}.in")
        return inner + differences(tool["out"], after, after, f"{path}.out")
    if isinstance(before, dict) and isinstance(after, dict) and isinstance(tool, dict):
        return different_structures(tool, before, after, path)
    if isinstance(before, list) and isinstance(tool, list):
        if len(tool) != len(before):
            return [f"{path}: {len(tool)} elements, not {len(before)}"]
        parts = enumerate(zip(tool, before, after))
        return [text for i, part in parts for text in differences(*part, f"{path}[{i}]")]
    return [
        f"{path}: {tool!r}, the guest says {stated!r}"
        for stated in ([before] if before == after else [before, after])
        if not same_leaf(tool, stated)
    ]


def same_leaf(tool: Any, stated: Any) -> bool:
    if isinstance(tool, int) and abs(tool) >= EXACT:
        return False
    if number(stated) is not None:
        return number(tool) == number(stated)
    if isinstance(stated, str):  # its characters are bytes
        stated = stated.encode("latin-1").decode("utf-8", "backslashreplace")
    return type(tool) is type(stated) and tool == stated


def different_structures(tool: dict, before: dict, after: dict, path: str) -> list[str]:
    if before.keys() & {"points_to", "unreadable"}:
        return different_pointers(tool, before, after, path)
    found = [f"{path}: {key} is no field" for key in tool.keys() - before.keys()]
    for key in before:
        if key in tool:
            found += differences(tool[key], before[key], after[key], f"{path}.{key}")
        elif not key.startswith(("reserved", "pad")) or not is_zero([before[key], after[key]]):
            found.append(f"{path}: {key} is missing")
    return found


def different_pointers(tool: dict, before: dict, after: dict, path: str) -> list[str]:
    found = differences(tool.get("address"), before["address"], after["address"], f"{path}.address")
    if "unreadable" in before:
        why = tool.get("unreadable")
        legible = isinstance(why, str) and why and "points_to" not in tool
        return found + ([] if legible else [f"{path}: {tool} should be unreadable"])
    shown = tool.get("points_to")
    if "claimed" not in before:
        return found + differences(shown, before["points_to"], after["points_to"], f"{path}->")
    return found + different_arrays(tool, before, after, path)


def different_arrays(tool: dict, before: dict, after: dict, path: str) -> list[str]:
    """The guest states the first elements of an array, how many it claims, where memory ends."""
    shown, stated = tool["points_to"], before["points_to"]
    found = differences(shown[: len(stated)], stated, after["points_to"], f"{path}->")
    claimed = before["claimed"]
    readable = len(stated) if before["ends"] else min(claimed, MAX_ELEMENTS)
    whole = [element for element in shown if "unreadable" not in element]
    if len(whole) != readable or len(shown) != readable + before["ends"]:
        found.append(f"{path}: {len(whole)} of {len(shown)} elements readable, not {readable}")
    omitted = max(0, claimed - MAX_ELEMENTS)
    if tool.get("omitted", 0) != omitted:
        found.append(f"{path}: {tool.get('omitted')} omitted, not {omitted}")
    return found


def different_calls(event: dict, stated: dict) -> list[str]:
    """Where an event is not what the guest says of the call."""
    names = ("name", "nr", "args", "ret")
    found = [f"{n}: {event[n]!r}, not {stated[n]!r}" for n in names if event[n] != stated[n]]
    known = {**stated["in"], **stated["out"]}
    if list(event["decoded"]) != argument_order(event, known):
        found.append(f"arguments {list(event['decoded'])}, not {list(known)}")
    for name, tool in event["decoded"].items():
        before, after = stated["in"].get(name), stated["out"].get(name)
        if before is None and event["ret"] < 0:
            found += [] if tool in stated["args"] else [f"{name}: {tool}, read though it failed"]
        else:
            first = after if before is None else before
            found += differences(tool, first, first if after is None else after, name)
    return [f"{stated['name']}: {text}" for text in found]


def argument_order(event: dict, known: dict) -> list[str]:
    return [name for name in event["decoded"] if name in known] + sorted(
        known.keys() - event["decoded"].keys()
    )


@pytest.mark.parametrize("build", [*QUICK, *(OTHER if LONG else [])])
def test_the_trace_is_what_the_guest_says(build, traced):
    events, guest = traced(build)
    said = statements(guest.out)
    assert [e["name"] for e in acrn_calls(events)] == [s["name"] for s in said]
    pairs = zip(acrn_calls(events), said)
    found = [text for event, stated in pairs for text in different_calls(event, stated)]
    assert not found, "\n".join(found)
    made = {s["name"] for s in said if not s["name"].startswith("hypercall_")}
    assert len(made) == CALLS and made == {
        entry.name for entry in acrn().table if entry.abi == "acrn"
    }


def test_each_call_is_one_event_that_changes_no_register(traced):
    events, _ = traced(QUICK[0])
    assert [event["seq"] for event in events] == list(range(len(events)))
    odd = [e for e in events if e["status"] != "returned" or e["clobbered"]]
    assert odd == []


def test_no_device_is_read(folder):
    """A pointer to a device's registers is not followed: reading them can change the device."""
    image = image_of(QUICK[0])

    def watched(log: Path) -> list[object]:
        watch = ["-trace", "apic_mem_readl", "-trace", "ioapic_mem_read", "-D", log]
        return machine(image, *watch)

    assert run([QEMU, *watched(folder / "untraced")]).status == 0
    line = ["-x", PRIVATE, "-o", folder / "trace", image, "--", *watched(folder / "traced")]
    assert acrn_trace(*line).status == 0
    assert "unreadable: no memory there" in (folder / "trace").read_text()
    assert (folder / "traced").read_text() == (folder / "untraced").read_text()
