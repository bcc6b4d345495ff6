# SPDX-License-Identifier: BSD-3-Clause
"""``-e`` over Xen's and Hyper-V's own calls: by hypervisor, name, number, error and argument."""

import pytest

from acrn_trace.act.mock.mock import Mock
from acrn_trace.act.mock.switch import turn_on
from acrn_trace.base.errors import TraceError
from acrn_trace.guest.abi import abi_named
from acrn_trace.bindings.calls import CallDecoder, Given
from acrn_trace.tables.knowledge import acrn
from acrn_trace.tables.listing import call_lines
from acrn_trace.trace.filters import Filter
from helpers.make.event import event
from helpers.make.memory import FakeMemory

KNOWLEDGE = acrn()
FAST = 1 << 16
MEMORY = FakeMemory({0x1000: bytes(4096)})
CALLS = {  # what each is called here, how it is made, its result
    "written": ("xen:console_io", (0, 5, 0x1000), 0),
    "yielded": ("xen:sched_op", (0, 0), 0),
    "sent": ("xen:event_channel_op", (4, 0x1000), -22),
    "signalled": ("hyperv:signal_event", (FAST | 0x5D, 7, 0), 0x12),
    "flushed": ("hyperv:flush_virtual_address_list", (2 << 32 | 3, 0x1000, 0), 2 << 32),
    "kicked": ("kvm:kick_cpu", (0, 1), 0),
    "started": ("start_vm", (1, 0), 0),
}


def made(name, args, result):
    entry = KNOWLEDGE.table.named(name)
    args = (*args, *[0] * 6)[: len(abi_named(entry.abi).arguments)]
    given = Given(entry.number, args, result & (1 << 64) - 1, abi=entry.abi)
    decoded = CallDecoder(KNOWLEDGE).decode(given, MEMORY, MEMORY)["decoded"]
    more = {"nr": entry.number, "name": name, "args": args, "abi": entry.abi, "decoded": decoded}
    return event(rax=result, over=True, **more)


EVENTS = {name: made(*call) for name, call in CALLS.items()}
XENS, HYPERVS = {"written", "yielded", "sent"}, {"signalled", "flushed"}


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("trace=%xen", XENS),
        ("trace=%hyperv", HYPERVS),
        ("trace=%xen,%hyperv", XENS | HYPERVS),
        ("trace=!%xen", {*CALLS} - XENS),
        ("trace=xen:console_io", {"written"}),
        ("trace=xen:0x1d,hyperv:93", {"yielded", "signalled"}),
        ("trace=hyperv:/^flush", {"flushed"}),
        ("trace=xen:/op$", {"yielded", "sent"}),
        ("trace=/event", {"sent", "signalled"}),
        ("trace=0x5d", set()),  # of ACRN's
        ("status=failed", {"sent", "signalled"}),
        ("status=successful", {*CALLS} - {"sent", "signalled"}),
    ],
)
def test_what_is_selected(expression, names):
    selected = Filter([expression], KNOWLEDGE.table)
    assert {name for name, one in EVENTS.items() if selected.verdict(one)} == names


@pytest.mark.parametrize(
    ("word", "near"), [("xen:sched_up", "xen:sched_op"), ("hyperv:signal_evnt", "signal_event")]
)
def test_a_name_that_is_none_is_told_with_the_one_that_is_near(word, near):
    with pytest.raises(TraceError, match=f"did you mean .*{near}"):
        Filter([f"trace={word}"], KNOWLEDGE.table)


def test_the_calls_of_one_hypervisor_are_listed():
    for abi in ("xen", "hyperv"):
        lines = list(call_lines(KNOWLEDGE.table, f"{abi}:", {}))
        entries = [entry for entry in KNOWLEDGE.table if entry.abi == abi]
        assert lines == [line for line in lines if f" {abi}:" in line] and len(lines) == len(
            entries
        )
    (line,) = call_lines(KNOWLEDGE.table, "xen:console_io", {})
    assert line.split(None, 1) == [
        "0x00000012",
        "xen:console_io(ENUM(xen_console_op, cmd), VALUE(u32, count), ADDR(inout, text))",
    ]
    (line,) = call_lines(KNOWLEDGE.table, "hyperv:signal_event", {})
    assert line.startswith("0x0000005d hyperv:signal_event(PACKED(hv_control, control), ADDR(in, ")


@pytest.mark.parametrize(
    ("name", "text", "result", "told"),
    [
        ("xen:sched_op", "-ESRCH", -3, "xen:sched_op is answered with -3 ESRCH"),
        ("xen:0x1d", "0x40011", 0x40011, "xen:sched_op is answered with 262161"),
        (
            *("hyperv:signal_event", "HV_STATUS_INVALID_PARAMETER", 5),
            "hyperv:signal_event is answered with 5 HV_STATUS_INVALID_PARAMETER",
        ),
        ("hyperv:0x3", "0x200000000", 2 << 32, "hyperv:flush_virtual_address_list is answered"),
    ],
)
def test_a_fixed_result_is_an_error_of_its_own_hypervisor(name, text, result, told):
    mock = Mock(KNOWLEDGE, FakeMemory({}), lambda: 0, lambda vector: None)
    assert turn_on(mock, [f"{name}", text]).startswith(told)
    assert list(mock.fixed.values()) == [result]
    assert [line for line in mock.overrides() if line.startswith(told)]


@pytest.mark.parametrize(
    ("name", "text"),
    [("xen:sched_op", "-HV_STATUS_ACCESS_DENIED"), ("hyperv:signal_event", "-EINVAL")],
)
def test_an_error_of_another_hypervisor_is_none(name, text):
    mock = Mock(KNOWLEDGE, FakeMemory({}), lambda: 0, lambda vector: None)
    with pytest.raises(TraceError, match="is no result: a number, or an error"):
        turn_on(mock, [name, text])
