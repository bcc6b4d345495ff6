# SPDX-License-Identifier: BSD-3-Clause
"""The text line: when each part of it is written, and that nothing in it can harm a terminal."""

import io

from acrn_trace.base.output import Output
from acrn_trace.guest.site import Site
from acrn_trace.sinks.text import TextSink
from acrn_trace.tables.calls import CallTable, parse
from acrn_trace.tables.fields import FieldTable
from acrn_trace.tables.layouts import Layouts
from acrn_trace.tables.types import Types
from acrn_trace.trace.event import Event, Finding
from acrn_trace.trace.rendering import Renderer

TABLE = CallTable(parse("HYPERCALL1(0x80000012, start_vm, VMID(vmid))", "test"))
RENDERER = Renderer(TABLE, Types(Layouts(), FieldTable()))
SITE = Site(0x1000, file="/src/service.c", line=42, function="start")


def event(seq, vcpu=0, time=100.0, **more):
    given = {"name": "start_vm", "nr": 0x80000012, "decoded": {"vmid": 1}, "site": SITE} | more
    return Event(
        seq=seq, time=time, clock="host", vcpu=vcpu, abi="acrn", args=(1, 0), source="stop", **given
    )


def returned(event_, rax=0, duration=0.25):
    event_.rax, event_.status, event_.duration, event_.over = rax, "returned", duration, True
    return event_


def sink(quiet=True):
    stream = io.StringIO()
    return TextSink(Output(stream, "test", interactive=True), RENDERER, quiet), stream


def test_the_arguments_are_on_the_screen_while_the_call_is_in_flight():
    text, stream = sink()
    call = event(0)
    text.entered(call)
    assert stream.getvalue() == "[0] 0.000000 start_vm(vmid=1"
    text.finished(returned(call))
    assert stream.getvalue() == (
        "[0] 0.000000 start_vm(vmid=1) = 0 <0.250000> at service.c:42 start\n"
    )


def test_another_vcpus_line_in_between_cuts_the_line_as_strace_does():
    text, stream = sink()
    first, second = event(0), event(1, vcpu=1, time=100.5)
    text.entered(first)
    text.entered(second)
    text.finished(returned(second))
    text.finished(returned(first, duration=1.0))
    assert stream.getvalue().splitlines() == [
        "[0] 0.000000 start_vm(vmid=1 <unfinished ...>",
        "[1] 0.500000 start_vm(vmid=1) = 0 <0.250000> at service.c:42 start",
        "[0] 1.000000 <... start_vm resumed>) = 0 <1.000000> at service.c:42 start",
    ]


def test_a_call_that_never_returned_says_so():
    text, stream = sink()
    call = event(0)
    text.entered(call)
    text.finished(call)
    assert stream.getvalue().endswith(
        "start_vm(vmid=1) = ? <unfinished ...> at service.c:42 start\n"
    )


def test_errors_have_names_and_a_bare_minus_one_is_ambiguous():
    text, stream = sink()
    text.finished(returned(event(0), rax=(1 << 64) - 22))
    text.finished(returned(event(1), rax=(1 << 64) - 1))
    text.finished(returned(event(2), rax=1 << 40))
    lines = stream.getvalue().splitlines()
    assert ") = -22 EINVAL (Invalid argument) <" in lines[0]
    assert ") = -1 (failed; = EPERM) <" in lines[1]
    assert ") = 0x10000000000 <" in lines[2]


def test_an_unknown_call_prints_its_number_and_registers():
    text, stream = sink()
    text.entered(event(0, name="hypercall_0x80000099", nr=0x80000099, decoded={}))
    assert stream.getvalue().endswith("hypercall_0x80000099(0x1, 0x0")


def test_findings_have_lines_of_their_own():
    text, stream = sink()
    call = returned(event(0))
    call.findings = [Finding("clobber", "start_vm changed rbx: 0x1 => 0x2, at service.c:42")]
    text.finished(call)
    assert stream.getvalue().splitlines()[1] == (
        "!! start_vm changed rbx: 0x1 => 0x2, at service.c:42"
    )


def test_what_the_image_says_cannot_reach_the_terminal_raw():
    text, stream = sink()
    evil = Site(0x1000, file="a\x1b]0;pwned\x07\n\u202e.c", line=1, function="f\x9b31m")
    text.finished(returned(event(0, site=evil)))
    assert stream.getvalue().count("\n") == 1
    assert all(char.isprintable() for char in stream.getvalue().removesuffix("\n"))


def test_host_time_is_labelled_as_such():
    text, stream = sink(quiet=False)
    text.entered(event(0))
    assert "host" in stream.getvalue().splitlines()[0]


def test_a_notice_stands_between_the_lines():
    text, stream = sink(quiet=False)
    text.entered(event(0))
    text.notice("the guest was reset")
    assert stream.getvalue().splitlines()[1:] == [
        "[0] 0.000000 start_vm(vmid=1 <unfinished ...>",
        "+++ the guest was reset +++",
    ]


def test_a_call_that_was_singled_out_to_be_mocked_is_marked():
    """What a played hypervisor answers is not; nor is what the hypervisor answered in the end."""
    text, stream = sink()
    mocked = {"result": "mock", "model.py": "mock", "": "mock", "left": "hypervisor"}
    for seq, (by, answered_by) in enumerate(mocked.items()):
        call = event(seq, more={"mocked": by} if by else {}, answered_by=answered_by)
        text.entered(call)
        text.finished(returned(call, rax=(1 << 64) - 16))
    results = [line.split(" = ")[1].split(" <")[0] for line in stream.getvalue().splitlines()]
    busy = "-16 EBUSY (Device or resource busy)"
    assert results == [f"{busy} (MOCKED)", f"{busy} (MOCKED)", busy, busy]
