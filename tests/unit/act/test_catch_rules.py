# SPDX-License-Identifier: BSD-3-Clause
"""What a catchpoint is to QEMU's plugin: rules of numbers, or a sentence that says why none."""

import pytest

from acrn_trace.act.catch import parse_catch
from acrn_trace.act.catch_rules import compiled, wider
from acrn_trace.base.errors import TraceError
from acrn_trace.guest.abi import MASK64, abis
from acrn_trace.rings.plugin_stops import FIRST_ARGUMENT, NUMBER, RESULT, VCPU, StopCondition
from acrn_trace.tables.knowledge import acrn

TABLE = acrn().table
ROWS = {name: index for index, name in enumerate(abis())}


def rules(text: str, vcpu: int | None = None):
    request = parse_catch(text, TABLE)
    return compiled(request, request.condition, vcpu, TABLE)


def test_calls_are_ranges_of_numbers_of_a_row():
    (one,) = rules("-r start_vm")
    assert one[:4] == (ROWS["acrn"], True, 0x80000012, 0x80000012)
    assert [rule[:4] for rule in rules("0x80000099 kvm:kick_cpu")] == [
        (ROWS["acrn"], False, 0x80000099, 0x80000099),
        (ROWS["kvm"], False, 5, 5),
    ]
    (group,) = rules("/vm")
    assert group[2:4] == (0x80000010, 0x8000001F)
    assert {rule.first for rule in rules("/^(start|pause)_vm$")} == {0x80000012, 0x80000013}


@pytest.mark.parametrize("text", ["", "all", "%unknown"])
def test_every_call_is_one_by_each_row(text):
    assert [rule[:4] for rule in rules(text)] == [(n, False, 0, MASK64) for n in ROWS.values()]


@pytest.mark.parametrize(
    ("condition", "compared"),
    [
        ("$_hypercall_arg(1) == 2", [(FIRST_ARGUMENT, "==", 2)]),
        ("$_hypercall_arg( 2 )>=0xff", [(FIRST_ARGUMENT + 1, ">=", 255)]),
        ("$_hypercall_ret < -1", [(RESULT, "<", -1)]),
        (
            "$_hypercall_nr != 5 && $_hypercall_arg(1) <= 0",
            [(NUMBER, "!=", 5), (FIRST_ARGUMENT, "<=", 0)],
        ),
    ],
)
def test_conditions_are_comparisons_with_numbers(condition, compared):
    (rule,) = rules(f"-r start_vm if {condition}")
    assert rule.conditions == tuple(StopCondition(*words) for words in compared)


def test_a_thread_is_a_vcpu():
    (rule,) = rules("start_vm if $_hypercall_arg(1) == 2", vcpu=1)
    assert rule.conditions[1] == (VCPU, "==", 1)


@pytest.mark.parametrize(
    "condition",
    [
        "$rip == 1",
        "$_hypercall_arg(1) == x",
        "$_hypercall_arg(1) == 010",
        "$_hypercall_arg(1) & 2",
        "$_hypercall_arg(1) == 1 || $_hypercall_arg(1) == 2",
        "($_hypercall_arg(1) == 1)",
        '$_streq($_hypercall_name, "start_vm")',
    ],
)
def test_another_condition_is_refused_and_what_compiles_is_said(condition):
    with pytest.raises(TraceError, match="cannot be tested in QEMU; with 'set hypercall plugin'"):
        rules(f"start_vm if {condition}")
    request = parse_catch(f"start_vm if {condition}", TABLE)
    assert [rule.conditions for rule in wider(request, TABLE)] == [()]


def test_what_there_is_no_room_for_is_refused():
    with pytest.raises(TraceError, match="more than 8 comparisons"):
        rules("start_vm if " + " && ".join(["$_hypercall_nr > 1"] * 9))
    with pytest.raises(TraceError, match="with 'set hypercall plugin' 64 are as many as can be"):
        rules("/.")
