# SPDX-License-Identifier: BSD-3-Clause
"""JSONL is shown the quick way (quicklines.py) as the slow one: the same bytes, the same words."""

import json
import os
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acrn_trace.files.read import Source
from acrn_trace.tables.knowledge import acrn
from helpers.make.event import event, events, jsonl
from helpers.reporting import reported

ACRN = acrn()
LONG = "ACRN_CHECK_LONG" in os.environ
FORMS = ([], ["-v"], ["-k", "-q"], ["-f", "jsonl"], ["-f", "chrome"], ["-c"])
FILTERS = (
    [],
    [],
    ["-e", "status=failed"],
    ["-e", "vcpu=!0"],
    ["-e", "trace=start_vm"],
    ["-e", "%vm,/^get"],
)


def shown(folder, data, quick, *options):
    return reported(ACRN, folder, data, quick, *options)


def assert_same(folder, data, *options):
    assert shown(folder, data, True, *options) == shown(folder, data, False, *options)


def other_numbers(line, draw):
    """The line with some of its numbers replaced, wherever they stand."""
    number = r'(?<=[:,\[])\d+(?=[,}\]])|"0x[0-9a-f]+"|\d+\.\d+'
    replacements = ("0", "1", "99", '"0x0"', '"0x1f"', "0.25", "1.000012", "5e-05", "1.2e-05")

    def other(match):
        same_kind = [one for one in replacements if (one[0] == '"') == (match[0][0] == '"')]
        same_kind = [one for one in same_kind if ("." in one or "e" in one) == ("." in match[0])]
        return draw(st.sampled_from([match[0], *same_kind]))

    return re.sub(number, other, line)


@st.composite
def traces(draw):
    """Calls that come again, with other numbers in them, and now and then something odd."""
    few = jsonl(draw(st.lists(events, min_size=1, max_size=3))).splitlines()
    lines = []
    for _ in range(draw(st.integers(1, 20))):
        line = draw(st.sampled_from(few))
        lines.append(other_numbers(line, draw) if draw(st.booleans()) else line)
    text = "\n".join(lines) + "\n"
    if draw(st.integers(0, 9)) == 0:
        at = draw(st.integers(0, len(text)))
        text = (
            text[:at] + draw(st.sampled_from(["\x01", "\x02", "\x05", " ", "0", '"'])) + text[at:]
        )
    return text


@settings(max_examples=3000 if LONG else 80, deadline=None)
@given(traces(), st.sampled_from(FORMS), st.sampled_from(FILTERS))
def test_the_quick_way_is_the_slow_way(tmp_path_factory, text, form, chosen):
    assert_same(tmp_path_factory.mktemp("quick"), text, *form, *chosen)


def busy(count, vcpus=4):
    """Calls of several vCPUs that overlap, some of them without an end, no two alike."""
    for n in range(count):
        duration = None if n % 97 == 5 else round((n * 7919 % 1000) * 1e-6, 6)
        source = "ring" if n % 211 == 7 else "stop"
        time = 1795254403 + n // 2 * 0.000_211
        decoded = {"vmid": n + 1, "regs": {"rip": hex(n * 4096), "reserved": [n % 3, n, 0]}}
        more = {"decoded": decoded, "args": (n, n << 33), "source": source}
        yield event(n, n % vcpus, time, duration, **more)


@pytest.mark.parametrize("form", FORMS, ids=" ".join)
def test_calls_that_overlap_are_in_the_live_order(tmp_path, form):
    data = jsonl(list(busy(6000)))
    assert_same(tmp_path, data, *form)
    assert_same(tmp_path, data, *form, "-e", "status=successful")


def test_most_calls_are_shown_the_quick_way(tmp_path, monkeypatch):
    """Else all of it is in vain: no event is made for calls like those before."""
    made, read = [], Source.event
    monkeypatch.setattr(Source, "event", lambda *args: made.append(1) or read(*args))
    calls = [event(n, args=(n + 1, 0), decoded={"vmid": n + 1}) for n in range(5000)]
    text, _ = shown(tmp_path, jsonl(calls), True)
    assert text.count("start_vm(") == 5000 and len(made) < 20


@pytest.mark.parametrize("form", (["-q"], ["-v"]), ids=" ".join)
def test_structures_at_odd_addresses(tmp_path, form):
    """Which are shown depends on numbers that else are shown as they are."""
    known = {"name": "get_api_version", "nr": 0x80000000}
    version = {"major_version": 1, "minor_version": 0}
    calls = []
    for n in range(400):
        address = 0x400000 + 16 * n + n % 11 if n % 7 else 0
        tree = {"version": hex(address) if n % 5 == 0 else version}
        calls.append(event(n, args=(address, n), decoded=tree, **known))
    data = jsonl(calls)
    assert_same(tmp_path, data, *form)
    text, _ = shown(tmp_path, data, True, *form)
    assert "version=0x0 {" in text and "version=0x401001 {" not in text


def test_a_number_is_not_mistaken_for_another_kind_of_thing(tmp_path):
    """Keys, parts of text, and values that decide on more than their own digits."""
    odd = [
        {"0x12": 1, "a:12,": 2, "vmid": 5},
        {"name": "x:12,[13,", "vm": {"address": "0x1234", "points_to": ["0x12", 12]}},
        {"vm": {"address": "0x1234", "unreadable": "[12,13]"}},
        {"vmid": {"in": 5, "out": 6}, "regs": {str(n): n for n in range(10)}},
    ]
    lines = []
    for number in (1, 2, 3, 0, 12, 1 << 40, (1 << 53) - 1):
        for decoded in odd:
            text = json.dumps(decoded).replace("12", str(number or 12)).replace("5", str(number))
            lines.append(event(len(lines), decoded=json.loads(text)))
    assert_same(tmp_path, jsonl(lines * 3))
    assert_same(tmp_path, jsonl(lines * 3), "-f", "jsonl")


def test_a_number_that_is_0_is_left_out_where_there_are_many(tmp_path):
    """It decides on more than its own digits; so does 0x0."""
    numbers = (0, 1, 7, 0, 3, 1 << 40) * 4
    calls = [
        event(n, decoded={"vmid": {letter: form(value) for letter in "abcdefghij"}})
        for n, value in enumerate(numbers)
        for form in (int, hex, lambda value: [0, value, 0])
    ]
    assert_same(tmp_path, jsonl(calls))


LINE = jsonl([event(args=(7, 8), decoded={"vmid": 7})])
DAMAGED = {
    "marker": LINE.replace('"0x7"', '"\x02"'),
    "zero in front": LINE.replace('"seq":0', '"seq":00'),
    "two times": LINE.replace('"seq":0', '"seq":0,"time":5.25'),
    "wide number": LINE.replace('"vmid":7', '"vmid":1234567890123456789012'),
    "wide hexadecimal": LINE.replace('"0x7"', '"0x12345678901234567"'),
    "blank line": "\n",
    "no UTF-8": b"\xff" + LINE.encode(),
    "cut off": LINE[:-30],
    "no newline": LINE.removesuffix("\n"),
    "spaces": LINE.replace(":", " : ").replace(",", "\t, "),
}


@pytest.mark.parametrize("what", DAMAGED)
@pytest.mark.parametrize("form", FORMS[:2] + FORMS[3:], ids=" ".join)
def test_damage_is_said_in_the_same_words(tmp_path, what, form):
    odd = DAMAGED[what]
    odd = odd if isinstance(odd, bytes) else odd.encode()
    assert_same(tmp_path, LINE.encode() * 5 + odd, *form)
    assert_same(tmp_path, LINE.encode() * 5 + odd + LINE.encode() * 3, *form)


def test_lines_as_long_as_they_may_be(tmp_path):
    """More than the C code has room for at once, and more than anything has room for."""
    wide = [event(n, decoded={"buffer": "x" * (1 << n), "vmid": n + 1}) for n in range(21)]
    assert_same(tmp_path, jsonl(wide * 3))
    data = LINE + jsonl([event(decoded={"buffer": "x" * (5 << 20)})]) + LINE
    text, complaint = shown(tmp_path, data, True)
    assert (text, complaint) == shown(tmp_path, data, False)
    assert "longer than 4 MiB" in complaint and text.count("start_vm(") == 1


def test_more_kinds_of_calls_than_are_remembered(tmp_path):
    calls = [event(n, name=f"call_{n % 5000}", args=(n, n), nr=0x90000001) for n in range(15000)]
    assert_same(tmp_path, jsonl(calls))
