# SPDX-License-Identifier: BSD-3-Clause
"""The summary: counts are exact, quantiles within the error that it states, memory bounded."""

from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acrn_trace.sinks.histogram import ERROR, Histogram
from acrn_trace.sinks.summary import SummarySink
from acrn_trace.sinks.summary_table import SummaryTable
from acrn_trace.trace.event import Finding
from helpers.make.event import event, written

STRACE = ["% time", "seconds", "usecs/call", "calls", "errors"]
durations = st.floats(1e-9, 1e6)


def summary(some, *more):
    def sink(output, *order):
        return SummarySink(SummaryTable(output, *order))

    return written(sink, some, *more).splitlines()


@given(st.lists(durations, min_size=1, max_size=200), st.sampled_from([0.01, 0.5, 0.9, 0.99, 1]))
def test_quantiles_are_within_the_error_that_is_stated(some, part):
    histogram = Histogram()
    for duration in some:
        histogram.add(duration)
    exact = sorted(some)[ceil(part * len(some)) - 1]
    assert histogram.quantile(part) == pytest.approx(exact, rel=ERROR * 1.0001)
    assert (histogram.min, histogram.max) == (min(some), max(some))
    assert histogram.count == len(some)
    assert histogram.micros == sum(round(duration * 1e6) for duration in some)


@given(st.lists(durations, max_size=50), st.lists(durations, max_size=50))
def test_histograms_merge_to_that_of_all(first, second):
    merged, other, whole = Histogram(), Histogram(), Histogram()
    for duration in first:
        merged.add(duration)
        whole.add(duration)
    for duration in second:
        other.add(duration)
        whole.add(duration)
    merged.merge(other)
    assert [merged.quantile(q) for q in (0.1, 0.5, 1)] == [whole.quantile(q) for q in (0.1, 0.5, 1)]
    assert (merged.count, merged.min, merged.max) == (whole.count, whole.min, whole.max)


def test_a_histogram_has_room_for_any_durations():
    histogram = Histogram()
    for power in range(-400, 300):
        for step in range(100):
            histogram.add(10.0**power * (1 + step / 100))
    assert len(histogram._buckets) <= 32 * 62


def test_the_columns_of_strace_come_first():
    header = summary([event()])[0]
    assert header.split() == " ".join([*STRACE, "min median p99 max vcpus call"]).split()


def test_a_row_counts_all_that_there_is_to_count():
    some = [
        event(seq, vcpu, duration=micros / 1e6)
        for seq, vcpu, micros in [(0, 0, 100), (1, 1, 200), (2, 2, 300), (3, 5, 400)]
    ]
    some += [event(rax=-22, duration=0.001), event(rax=-1, duration=0.001), event(rax=-22)]
    some[-1].findings = [Finding("a", ""), Finding("b", "")]
    some += [event(vcpu=None, duration=None)]
    row = next(line for line in summary(some) if "start_vm" in line)
    cells, _, rest = row.partition(" start_vm")
    share, seconds, each, calls, errors, least, median, p99, most, vcpus = cells.split()
    assert (share, seconds, each) == ("100.00", "0.253000", "36143")
    assert (calls, errors, least, most, vcpus) == ("8", "3", "100", "250000", "0-2,5,?")
    assert int(median) == pytest.approx(400, rel=ERROR) and p99 == "250000"
    assert rest == "  EINVAL 2, -1 1  !! 2 findings"


@pytest.mark.parametrize(
    "order, names",
    [("time", "bca"), ("calls", "abc"), ("errors", "cab"), ("name", "abc")],
)
def test_rows_are_in_the_order_that_is_asked_for(order, names):
    some = [event(name="a", duration=0.1)] * 3
    some += [event(name="b", duration=1.0)] * 2 + [event(name="c", duration=0.5, rax=-1)]
    lines = summary(some, order)[2:5]
    assert "".join(line.split("-1 ")[0].split()[-1] for line in lines) == names


def test_the_total_is_that_of_all_rows():
    lines = summary([event(name="a"), event(name="b", rax=-25)])
    total = next(line for line in lines if " total" in line).split()
    assert total[:5] == ["100.00", "0.500000", "250000", "2", "1"]
    assert "host" in lines[-1] and f"{ERROR:.1%}" in lines[-1]


def test_the_kinds_that_a_guest_makes_up_share_a_row():
    lines = summary([event(name=f"made_up_{number}") for number in range(600)])
    assert len(lines) < 520
    assert next(line for line in lines if "(others)" in line).split()[3] == "88"


def test_a_name_cannot_reach_the_terminal_raw():
    lines = summary([event(name="a\x1b[31m\nb")])
    assert all(line.isprintable() for line in lines) and len(lines) == 6


def test_nothing_traced_is_a_summary_as_well():
    assert "total" in summary([])[-1]
