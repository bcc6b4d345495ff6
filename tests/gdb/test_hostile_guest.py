# SPDX-License-Identifier: BSD-3-Clause
"""A guest that means no good (tests/guests/hostile.c): bounded work, one event a call, nothing raw.

What the guest printed of its calls is the measure: it says what it did, in hexadecimal only.
"""

import json
import re
from dataclasses import dataclass

import pytest

from helpers.canonical import REPEATED
from helpers.process import Run, run
from helpers.stating import build_stating_guests, image_of, machine_of
from helpers.tracing import acrn_trace
from helpers.tree import LAUNCHER

IMAGE = image_of("gcc/hostile")
BYTES = 16 << 20  # a trace; it is two megabytes
EVENT_BYTES = 1 << 20
KEY = b"".join(bytes(byte + row for byte in b"Rq8zKw3vXp5mJt1b") for row in range(4))

FORMATS = {
    "text": [],
    "verbose": ["-v"],
    "stack": ["-k", "-v"],
    "jsonl": ["-f", "jsonl"],
    "chrome": ["-f", "chrome"],
    "summary": ["-c"],
}
CALL = re.compile(r"CALL (\S+) (\S+) (\S+) (\S+) (\S*)$", re.MULTILINE)

pytestmark = pytest.mark.xdist_group("hostile_guest")


@dataclass
class Said:
    """What the guest says of one call."""

    nr: str
    args: list[str]
    ret: int
    name: bytes


@dataclass
class Traced:
    run: Run
    data: bytes

    @property
    def said(self) -> list[Said]:
        found = CALL.findall(self.run.out)
        return [Said(nr, [a, b], int(ret), bytes.fromhex(n)) for nr, a, b, ret, n in found]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Trace the guest in a form of FORMATS, once."""
    build_stating_guests()
    done: dict[str, Traced] = {}

    def trace(form: str) -> Traced:
        if form not in done:
            output = tmp_path_factory.mktemp("hostile") / "trace"
            ran = acrn_trace(*FORMATS[form], "-o", output, IMAGE, "--", *machine_of(IMAGE))
            assert ran.status == 0, ran
            done[form] = Traced(ran, output.read_bytes())
        return done[form]

    return trace


def events(traced: Traced) -> list[dict]:
    return [json.loads(line) for line in traced.data.decode("ascii").splitlines()]


def forbidden(text: str) -> set[str]:
    """What must not reach a terminal: all that is not printable, but for the ends of lines."""
    return {char for char in text if not char.isprintable() and char != "\n"}


@pytest.mark.parametrize("form", FORMATS)
def test_the_work_is_bounded(form, hostile):
    traced = hostile(form)
    assert len(traced.said) > 100
    assert len(traced.data) < BYTES


def test_each_call_is_one_event(hostile):
    traced = hostile("jsonl")
    got = [(e["nr"], e["args"], e["ret"]) for e in events(traced)]
    assert got == [(said.nr, said.args, said.ret) for said in traced.said]


def test_an_event_is_no_larger_than_it_must_be(hostile):
    assert max(map(len, hostile("jsonl").data.splitlines())) < EVENT_BYTES


@pytest.mark.parametrize("form", ["text", "verbose", "stack"])
def test_each_call_is_one_line_and_nothing_in_it_is_raw(form, hostile):
    traced = hostile(form)
    text = traced.data.decode("utf-8")
    assert forbidden(text) == set()
    text = text.replace(REPEATED, "")
    lines = [line for line in text.splitlines() if line.startswith("[0] ")]
    assert len(lines) == len(traced.said)
    assert all(re.search(r" = -?\d+ .*<\d+\.\d+> at ", line) for line in lines)


@pytest.mark.parametrize("form", ["summary", "chrome", "jsonl"])
def test_nothing_is_raw_in_the_other_forms(form, hostile):
    assert forbidden(hostile(form).data.decode("utf-8")) == set()


def test_the_chrome_file_is_json_with_each_call(hostile):
    traced = hostile("chrome")
    names = json.dumps(json.loads(traced.data))
    assert all(said.nr in names for said in traced.said)


def test_a_report_of_the_trace_has_nothing_raw(hostile, folder):
    (folder / "trace.jsonl").write_bytes(hostile("jsonl").data)
    report = run([LAUNCHER, "report", folder / "trace.jsonl"])
    assert report.status == 0, report.err
    assert forbidden(report.out + report.err) == set()
    assert report.out.count("\n[0] ") == len(hostile("jsonl").said)


def test_names_are_all_there(hostile):
    traced = hostile("jsonl")
    named = [(e, said) for e, said in zip(events(traced), traced.said) if said.name]
    assert len(named) == 36
    for event, said in named:
        (structure,) = (v for v in event["decoded"].values() if isinstance(v, dict))
        text = structure["args"] if event["name"] == "add_vdev" else structure["name"]
        assert text == said.name.partition(b"\0")[0].decode("utf-8", "backslashreplace")


def test_a_huge_count_shows_what_it_can_and_says_what_it_left_out(hostile):
    regions = [
        e["decoded"]["regions"] for e in events(hostile("jsonl")) if "regions" in e["decoded"]
    ]
    arrays = [r["regions_gpa"] for r in regions if r.get("mr_num") == 0xFFFFFFFF]
    assert len(arrays) == 8
    readable = [array for array in arrays if "points_to" in array]
    assert [len(array["points_to"]) for array in readable] == [1024] * 5
    assert {array["omitted"] for array in readable} == {0xFFFFFFFF - 1024}
    assert {a["address"] for a in arrays if "unreadable" in a} == {
        *("0x3ffffff", "0xfffffffffffffff8", "0xfee00000")
    }


@pytest.mark.parametrize("form", FORMATS)
def test_the_key_is_in_no_form_of_the_trace(form, hostile):
    traced = hostile(form)
    if form not in ("summary",):
        assert b"redacted" in traced.data
    assert found_key(traced.data) == []
    assert found_key((traced.run.out + traced.run.err).encode()) == []


def found_key(data: bytes) -> list[bytes]:
    """Any four bytes of the key in a row, as text, as hexadecimal or as a list of numbers."""
    parts = [KEY[at:][:4] for at in range(len(KEY) - 3)]
    lower = data.lower()
    return [
        part
        for part in parts
        if part in data
        or part.hex().encode() in lower
        or part[::-1].hex().encode() in lower
        or re.search(rb"[,\[] ?" + b", ?".join(b"%d" % byte for byte in part) + rb"[,\]]", data)
    ]


def test_the_search_for_the_key_finds_it():
    for shown in (KEY[8:16], KEY.hex().encode(), KEY[::-1].hex().encode()):
        assert found_key(b"rpmb_key=" + shown)
    assert found_key(str(list(KEY)).encode()) and found_key(json.dumps({"k": list(KEY)}).encode())
    assert found_key(str(list(KEY)).replace(" ", "").encode())
