# SPDX-License-Identifier: BSD-3-Clause
"""Events made by hand and by hypothesis, for tests of sinks and of trace files."""

import io

from hypothesis import strategies as st

from acrn_trace.base.output import Output
from acrn_trace.guest.site import Site
from acrn_trace.guest.stop import Frame, Task
from acrn_trace.sinks.jsonl import JsonlSink
from acrn_trace.tables.calls import CallTable, parse
from acrn_trace.trace.event import INT32, Event, Finding

START_VM = 0x80000012
TABLE = CallTable(parse("HYPERCALL1(0x80000012, start_vm, VMID(vmid))", "test"))
SITE = Site(0x1000, None, "/src/service.c", 42, "start")
MASK64 = (1 << 64) - 1


def event(seq=0, vcpu=0, time=100.0, duration=0.25, rax=0, **more):
    """start_vm(1), returned; with ``duration`` None it never did."""
    given = {
        "name": "start_vm",
        "nr": START_VM,
        "decoded": {"vmid": 1},
        "site": SITE,
        "args": (1, 0),
    }
    if duration is not None:
        given |= {"rax": rax & MASK64, "status": "returned", "answered_by": "hypervisor"}
    given |= {"clock": "host", "abi": "acrn", "source": "stop", **more}
    return Event(seq=seq, vcpu=vcpu, time=time, duration=duration, **given)


u64 = st.one_of(st.integers(0, MASK64), st.integers(0, 9), st.integers(MASK64 - 9, MASK64))
whole = st.integers(0, (1 << 53) - 1)
micros = st.integers(0, 10**15).map(lambda count: count / 1e6)
text = st.text(max_size=12)
maybe_text = st.none() | text
leaf = st.one_of(text, st.integers(INT32.start, (1 << 32) - 1), u64.map(hex))
address = u64.map(hex)


def _branches(inner):
    names = st.sampled_from(["vmid", "name", "gpa", "reserved", "a b", "x\n"])
    return st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(names, inner, max_size=3),
        st.fixed_dictionaries({"in": inner, "out": inner}),
        st.fixed_dictionaries({"address": address, "points_to": inner}),
        st.fixed_dictionaries({"address": address, "unreadable": text}),
    )


trees = st.recursive(leaf, _branches, max_leaves=6)
arguments = st.sampled_from(["vmid", "vm", "regs", "version", "line", "buffer", "regions"])
sites = st.builds(
    Site,
    address=u64,
    number=st.none(),
    file=maybe_text,
    line=st.none() | whole,
    function=maybe_text,
)
events = st.builds(
    Event,
    seq=whole,
    time=micros,
    clock=st.sampled_from(["host", "tsc"]),
    vcpu=st.none() | st.integers(0, 2000),
    abi=st.just("acrn"),
    nr=st.integers(0x80000000, 0x80000090) | u64,
    name=text,
    args=st.lists(u64, max_size=6).map(tuple),
    site=st.none() | sites,
    source=st.sampled_from(["stop", "ring", "dump"]),
    decoded=st.dictionaries(arguments, trees, max_size=2),
    duration=st.none() | micros,
    rax=st.none() | u64,
    status=st.sampled_from(["returned", "faulted", "unfinished", "unknown"]),
    answered_by=st.sampled_from([None, "hypervisor", "mock"]),
    return_vcpu=st.none() | st.integers(0, 2000),
    clobbered=st.dictionaries(st.sampled_from(["rbx", "r15"]), st.tuples(u64, u64), max_size=2),
    findings=st.lists(st.builds(Finding, kind=text, text=text), max_size=2),
    repeats=whole,
    repeats_unknown=whole,
    stack=st.lists(
        st.builds(
            Frame,
            function=maybe_text,
            file=maybe_text,
            line=st.none() | whole,
            address=st.none() | u64,
        ),
        max_size=2,
    ).map(tuple),
    task=st.none() | st.builds(Task, comm=text, pid=whole, tgid=whole),
    more=st.dictionaries(st.just("a newer key"), trees, max_size=1),
)


def sink_of(sink_class, *more):
    """A sink, and the stream that it writes to."""
    stream = io.StringIO()
    return sink_class(Output(stream, "test", interactive=False), *more), stream


def written(sink_class, all_events, *more):
    """What a sink writes of events that are over."""
    sink, stream = sink_of(sink_class, *more)
    for one in all_events:
        sink.finished(one)
    sink.close()
    return stream.getvalue()


def jsonl(all_events):
    return written(JsonlSink, all_events)
