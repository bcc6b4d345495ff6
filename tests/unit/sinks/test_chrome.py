# SPDX-License-Identifier: BSD-3-Clause
"""Chrome's format: valid even when cut off, complete, and overlaps have tracks of their own."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acrn_trace.base.errors import TraceError
from acrn_trace.files.playback import Playback
from acrn_trace.files.read import read_events
from acrn_trace.sinks.chrome import MAX_LANES, MAX_VCPUS, ChromeSink
from acrn_trace.trace.event import Finding
from acrn_trace.trace.filters import Filter
from helpers.chrome_validator import validate
from helpers.make.event import TABLE, event, events, jsonl, sink_of, written


def chrome(all_events):
    """The file, as ``convert`` writes it."""
    sink, stream = sink_of(ChromeSink)
    Playback(Filter([], TABLE), [sink]).play(all_events)
    sink.close()
    return stream.getvalue()


def calls(slices):
    return [one for one in slices if one["cat"] != "finding"]


@given(st.lists(events, max_size=5))
def test_any_events_make_a_valid_file_from_which_they_are_read_back(tmp_path_factory, some):
    text = chrome(some)
    assert len(calls(validate(text))) == len(some)
    path = tmp_path_factory.getbasetemp() / "t.chrome"
    path.write_text(text)
    assert jsonl(read_events(str(path))) == jsonl(some)


spans = st.tuples(st.integers(0, 2), st.integers(0, 30), st.none() | st.integers(0, 20))


@given(st.lists(spans, min_size=1, max_size=25))
def test_calls_that_overlap_never_share_a_track(some):
    made = [
        event(seq, vcpu, 5.0 + begin / 1e6, None if spent is None else spent / 1e6)
        for seq, (vcpu, begin, spent) in enumerate(sorted(some, key=lambda s: s[1]))
    ]
    made.sort(key=lambda one: one.time + (one.duration or 0))
    for one in calls(validate(chrome(made))):
        stored = one["args"]["event"]
        assert type(one["ts"]) is type(one["dur"]) is int  # noqa: E721 (no bool for an int)
        assert one["tid"] % 10_000 == stored["vcpu"]
        assert stored["duration"] is None or one["dur"] == round(stored["duration"] * 1e6)


def test_one_vcpu_is_one_track_unless_calls_overlap():
    apart = [event(0, 3, 1.0, 0.5), event(1, 3, 1.5, 0.5)]
    assert [one["tid"] for one in validate(chrome(apart))] == [3, 3]
    over = [event(0, 3, 1.0, 0.5), event(1, 3, 1.4, 0.5)]
    assert [one["tid"] for one in validate(chrome(over))] == [3, 10_003]


@given(st.data())
def test_a_file_cut_off_between_two_lines_lacks_but_its_bracket(data):
    some = [event(seq, findings=[Finding("k", "t")], time=1.0 + seq) for seq in range(4)]
    lines = chrome(some).splitlines()[:-1]
    kept = lines[: data.draw(st.integers(1, len(lines)))]
    validate("\n".join(kept).removesuffix(",") + "]")


def test_a_cut_off_file_gives_what_is_whole(tmp_path):
    text = chrome([event(seq, time=1.0 + seq) for seq in range(3)])
    path = tmp_path / "cut"
    path.write_text(text[: text.rindex("start_vm")])
    found = []
    with pytest.raises(TraceError, match="cut off; the 2 calls before it were read"):
        found.extend(one.seq for one in read_events(str(path)))
    # extend takes what came before the complaint
    assert found == [0, 1]


def test_findings_and_failures_are_visible():
    bad = event(rax=-22, findings=[Finding("clobber", "rbx changed"), Finding("enotty", "why")])
    call, finding = validate(chrome([bad]))
    assert call["cat"] == "hypercall,failed" and call["args"]["result"].startswith("-22 EINVAL")
    assert finding["name"] == "!! clobber, enotty"
    assert finding["args"] == {"1": "rbx changed", "2": "why"}
    assert (finding["ts"], finding["dur"]) == (call["ts"], call["dur"])


def test_an_unfinished_call_lasts_as_long_as_the_trace_is_known_to():
    slices = validate(chrome([event(1, 1, 100.5, 1.0), event(0, 0, 100.0, None)]))
    unfinished = next(one for one in slices if one["tid"] == 0)
    assert unfinished["name"] == "start_vm (unfinished)"
    assert (unfinished["ts"], unfinished["dur"]) == (0, 1_500_000)


def test_the_clock_is_named():
    labels = [e for e in json.loads(chrome([event()])) if e["name"] == "process_labels"]
    assert "host" in labels[0]["args"]["labels"]


def test_a_trace_without_calls_is_an_empty_file_that_opens():
    assert validate(chrome([])) == []


def test_tracks_are_bounded_whatever_the_trace_says():
    many = [event(vcpu, vcpu, 1.0) for vcpu in range(MAX_VCPUS + 50)]
    assert len({one["tid"] for one in validate(chrome_of_lanes(many))}) == MAX_VCPUS + 1 + 49
    deep = [event(seq, 0, 1.0, 1.0) for seq in range(2 * MAX_LANES)]
    tids = {one["tid"] for one in json.loads(written(ChromeSink, deep)) if one["ph"] == "X"}
    assert len(tids) == MAX_LANES


def chrome_of_lanes(some):
    return written(ChromeSink, some)


def test_a_chrome_trace_of_another_program_is_refused(tmp_path):
    path = tmp_path / "other"
    path.write_text('[{"ph":"X","name":"a","pid":1,"tid":1,"ts":0,"dur":1,"cat":"c","args":{}}]\n')
    with pytest.raises(TraceError, match="a slice that acrn-trace did not write"):
        list(read_events(str(path)))
