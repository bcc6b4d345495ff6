# SPDX-License-Identifier: BSD-3-Clause
"""A live trace as a file: what the schema says, and whole in every format."""

import json

import jsonschema
import pytest

from helpers.canonical import events_of
from helpers.chrome_validator import validate
from helpers.engines import ENGINES
from helpers.tracing import acrn_trace, trace_example
from helpers.tree import ROOT

SCHEMA = jsonschema.Draft202012Validator(json.loads((ROOT / "docs/trace.schema.json").read_text()))
EXAMPLES = ("service", "clobber")
# The plugin has no stacks.
HOW = [(example, "gdb", "-k") for example in EXAMPLES]
HOW += [(example, "plugin") for example in EXAMPLES if "plugin" in ENGINES]


@pytest.fixture(scope="module", params=HOW, ids=":".join)
def trace(request, tmp_path_factory):
    example, *how = request.param
    path = tmp_path_factory.mktemp("trace") / f"{example}.jsonl"
    live = trace_example(example, "--engine", *how, "-f", "jsonl", "-o", path)
    assert live.status == 0, live.err
    return path


def test_every_call_is_what_the_schema_says(trace):
    events = events_of(trace)
    assert events
    for event in events:
        SCHEMA.validate(event)


def test_stacks_end_where_the_image_begins(trace):
    for event in events_of(trace):
        assert all(frame["function"] for frame in event["stack"]), event["stack"]
        assert [frame["address"] for frame in event["stack"][:1]] == [event["site"]] * (
            event["source"] == "stop"
        )


@pytest.mark.parametrize("through", ["jsonl", "chrome"])
def test_there_and_back_nothing_is_lost(trace, tmp_path, through):
    there, back = tmp_path / "there", tmp_path / "back"
    assert acrn_trace("convert", "--to", through, "-o", there, trace).status == 0
    assert acrn_trace("convert", "--to", "jsonl", "-o", back, there).status == 0
    assert back.read_text() == trace.read_text()


def test_the_chrome_file_is_valid(trace):
    converted = acrn_trace("convert", "--to", "chrome", trace)
    assert converted.status == 0, converted.err
    slices = [one for one in validate(converted.out) if one["cat"] != "finding"]
    assert [one["args"]["event"] for one in slices] == events_of(trace)


def test_two_runs_of_one_guest_are_equal_to_diff(tmp_path):
    files = tmp_path / "first", tmp_path / "second"
    for file in files:
        assert trace_example("service", "-f", "jsonl", "-o", file).status == 0
    compared = acrn_trace("diff", *files)
    assert compared.status == 0, compared.out
