# SPDX-License-Identifier: BSD-3-Clause
"""A trace file shown later: the lines are those that a live trace printed."""


import pytest
from hypothesis import given
from hypothesis import strategies as st

from acrn_trace.base.errors import TraceError
from acrn_trace.files import playback
from acrn_trace.files.playback import Playback, in_live_order
from acrn_trace.files.read import read_events
from acrn_trace.guest.stop import Frame
from acrn_trace.sinks.jsonl import JsonlSink
from acrn_trace.sinks.stamps import FORMS, Stamps
from acrn_trace.sinks.text import TextSink
from acrn_trace.tables.fields import FieldTable
from acrn_trace.tables.knowledge import acrn
from acrn_trace.tables.layouts import Layouts
from acrn_trace.tables.types import Types
from acrn_trace.trace.event import Finding
from acrn_trace.trace.filters import Filter
from acrn_trace.trace.rendering import Renderer
from helpers.make.event import TABLE, event, events, jsonl, sink_of

RENDERER = Renderer(TABLE, Types(Layouts(), FieldTable()))
# Clocks of a live trace have more digits than a file.
STEP = 0.0000123456789


def text_sink(form="start"):
    return sink_of(TextSink, RENDERER, False, Stamps(form))


def traced(schedule, selected, form):
    """What a live trace prints, and its file: whenever a vCPU comes up, its call begins or ends."""
    text, printed = text_sink(form)
    file, saved = sink_of(JsonlSink)
    in_flight, now = {}, 1795254403.174027
    for seq, vcpu in enumerate(schedule):
        now += STEP
        if vcpu in in_flight:
            finish(in_flight.pop(vcpu), now, selected, (text, file))
        else:
            one = event(seq, vcpu, now, None, args=(seq % 3, 0), decoded={"vmid": seq % 3})
            in_flight[vcpu] = one
            if selected.verdict(one):
                text.entered(one)
    for one in in_flight.values():
        finish(one, None, selected, (text, file))
    text.close()
    return printed.getvalue(), saved.getvalue()


def finish(one, now, selected, sinks):
    one.over = True
    if now is not None:
        one.status, one.rax, one.duration = "returned", one.args[0], now - one.time
        one.findings = [Finding("k", "a finding")] * one.args[0]
        one.stack = (Frame("f", "a.c", 1),) * one.args[0]
    if selected.final_verdict(one):
        for sink in sinks:
            sink.finished(one)


def played(content, tmp_path, selected, form):
    path = tmp_path / "t.jsonl"
    path.write_text(content)
    text, printed = text_sink(form)
    Playback(selected, [text]).play(read_events(str(path)))
    text.close()
    return printed.getvalue()


@given(
    st.lists(st.integers(0, 3), max_size=60),
    st.sampled_from([[], ["status=failed"], ["trace=!start_vm"], ["vcpu=0,2"]]),
    st.sampled_from(list(FORMS)),
)
def test_the_lines_from_a_file_are_those_of_the_live_trace(
    tmp_path_factory, schedule, expressions, form
):
    live, saved = traced(schedule, Filter(expressions, TABLE), form)
    folder = tmp_path_factory.getbasetemp()
    assert played(saved, folder, Filter(expressions, TABLE), form) == live


def test_calls_that_resemble_each_other_are_printed_as_they_were(tmp_path):
    live, saved = traced([0, 0, 1, 2, 2, 1] * 30, Filter([], TABLE), "start")
    assert played(saved, tmp_path, Filter([], TABLE), "start") == live


def test_a_sink_remembers_only_the_calls_in_flight():
    text, _ = text_sink()
    Playback(Filter([], TABLE), [text]).play(event(seq, time=float(seq)) for seq in range(5000))
    assert not text._begun


def test_a_filter_set_later_prints_what_it_would_have_printed_then(tmp_path):
    schedule = [0, 1, 1, 0, 2, 0, 2, 0]
    live, _ = traced(schedule, Filter(["vcpu=0"], TABLE), "start")
    _, everything = traced(schedule, Filter([], TABLE), "start")
    assert played(everything, tmp_path, Filter(["vcpu=0"], TABLE), "start") == live


def test_a_call_longer_than_the_lookahead_is_printed_when_it_ends():
    count = playback.LOOKAHEAD + 10
    short = [event(seq, 1, 100.0 + seq, 0.5) for seq in range(1, count)]
    order = list(in_live_order([*short, event(0, 0, 100.0, 1e6)]))
    assert len(order) == 2 * count
    assert [one.seq for one, is_over in order if is_over] == [*range(1, count), 0]


def test_what_came_before_the_damage_is_shown_before_the_complaint():
    def damaged():
        yield event(0)
        raise TraceError("damaged")

    text, printed = text_sink()
    with pytest.raises(TraceError):
        Playback(Filter([], TABLE), [text]).play(damaged())
    assert "start_vm(vmid=1) = 0 <0.250000>" in printed.getvalue()


def test_traces_one_behind_the_other_do_not_mix():
    first = [event(seq, time=100.0 + seq) for seq in range(3)]
    second = [event(seq, time=200.0 + seq) for seq in range(3)]
    order = [(one.time, is_over) for one, is_over in in_live_order(first + second)]
    assert order == sorted(order)


KNOWLEDGE = acrn()
CALLS = st.sampled_from([entry.number for entry in KNOWLEDGE.table])


@given(st.lists(st.tuples(events, CALLS), max_size=3), st.booleans())
def test_whatever_a_file_says_is_printed_safely(tmp_path_factory, some, verbose):
    path = tmp_path_factory.getbasetemp() / "hostile.jsonl"
    for one, number in some:
        one.nr = number
    path.write_text(jsonl([one for one, _ in some]))
    renderer = Renderer(KNOWLEDGE.table, KNOWLEDGE.types, verbose)
    text, printed = sink_of(TextSink, renderer)
    Playback(Filter([], TABLE), [text]).play(read_events(str(path)))
    assert all(char.isprintable() or char == "\n" for char in printed.getvalue())
    assert printed.getvalue().count("\n") <= 1 + sum(
        2 + len(one.findings) + len(one.stack) for one, _ in some
    )
