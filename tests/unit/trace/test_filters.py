# SPDX-License-Identifier: BSD-3-Clause
"""``-e`` where it can select nothing: said before the trace as far as that is known, else after."""

import pytest

from acrn_trace.base.errors import TraceError
from acrn_trace.tables.calls import CallTable, parse
from acrn_trace.guest.site import Site
from acrn_trace.trace.event import Finding
from acrn_trace.trace.filters import Filter
from helpers.make.event import event

TABLE = CallTable([])


@pytest.mark.parametrize(
    "expression, remarks",
    [
        ("vcpu=1,8,9", ["no call was made on vCPU 8", "no call was made on vCPU 9"]),
        ("vcpu=!8", ["no call was made on vCPU 8"]),
        ("site=start,elsewhere", ["no call was made in elsewhere"]),
        ("site=start", []),
        ("status=failed", []),
        ("trace=0x80000099", []),
    ],
)
def test_what_no_call_was_made_on_or_at_is_said_at_the_end(expression, remarks):
    selected = Filter([expression], TABLE)
    assert list(selected.remarks()) == []  # of an empty trace there is nothing to say
    for vcpu in (0, 1):
        selected.verdict(event(vcpu=vcpu))
    assert list(selected.remarks()) == [f"-e {expression}: {remark}" for remark in remarks]


def test_each_condition_sees_each_call():
    selected = Filter(["vcpu=5", "site=start"], TABLE)
    selected.verdict(event())
    assert list(selected.remarks()) == ["-e vcpu=5: no call was made on vCPU 5"]


@pytest.mark.parametrize(
    "functions, hint",
    [
        (["create_user_vm", "start_vm"], "did you mean create_user_vm?"),
        (["main"], "there is only main"),
        ([f"f{number}" for number in range(99)], "'acrn-trace sites' lists them"),
        ([], "it has no symbols"),
    ],
)
def test_a_site_that_the_image_does_not_have_is_refused(functions, hint):
    with pytest.raises(TraceError, match="no hypercall in a function creat_user_vm") as refused:
        Filter(["site=!creat_user_vm"], TABLE).check_sites(lambda: functions)
    assert hint in str(refused.value)


@pytest.mark.parametrize(
    "expression, shown",
    [
        ("finding=clobber", "c cn"),
        ("finding=number,clobber", "c n cn"),
        ("finding=any", "c n cn ?"),
        ("finding=!clobber", "- n ?"),
        ("finding=!any", "-"),
    ],
)
def test_calls_are_selected_by_what_was_found_of_them(expression, shown):
    """Also by what a newer version found; not before a call is over, since it may yet be found."""
    kinds = {"-": [], "c": ["clobber"], "n": ["number"], "cn": ["clobber", "number"], "?": ["new"]}
    calls = {name: event(findings=[Finding(k, "") for k in kinds[name]]) for name in kinds}
    selected = Filter([expression], TABLE)
    assert {selected.verdict(call) for call in calls.values()} == {None}
    for call in calls.values():
        call.over = True
    assert [name for name, call in calls.items() if selected.final_verdict(call)] == shown.split()
    assert list(selected.remarks()) == []


NAMED = CallTable(parse("HYPERCALL1(0x80000012, start_vm, VMID(vmid))", "calls"))


@pytest.mark.parametrize(
    "expression, meant",
    [
        ("failed", "no call is named 'failed'; did you mean status=failed?"),
        ("!unfinished", "no call is named 'unfinished'; did you mean status=unfinished?"),
        ("trace=start_vm,failed", "did you mean status=failed?"),
        ("vm", "no call is named 'vm'; did you mean %vm, the class?"),
        ("trace=!tee", "did you mean %tee, the class?"),
        ("get_*", "no call is named 'get_*'; did you mean /^get_?"),
        ("*_vm", "did you mean /_vm$?"),
        ("s*t_vm", "did you mean /^s.*t_vm$?"),
        ("start_wm", "no call is named 'start_wm'; did you mean start_vm?"),
        ("clobber", "no call is named 'clobber'; did you mean finding=clobber?"),
        ("trace=!stale-rax,start_vm", "did you mean finding=stale-rax?"),
        ("finding=clober", "no finding is of kind 'clober'; did you mean clobber?"),
        ("finding=!any,clober", "no finding is of kind 'clober'; did you mean clobber?"),
        ("finding=failed", "no finding is of kind 'failed'; docs/formats.md lists the kinds"),
    ],
)
def test_what_is_nearly_a_condition_is_told_with_what_was_meant(expression, meant):
    with pytest.raises(TraceError) as refused:
        Filter([expression], NAMED)
    assert str(refused.value).startswith(f"-e {expression}: no ") and meant in str(refused.value)


@pytest.mark.parametrize("expression", ["failed", "trace=failed", "vm"])
def test_calls_of_such_a_name_are_calls(expression):
    name = expression.removeprefix("trace=")
    Filter([expression], CallTable(parse(f"HYPERCALL0(0x80000012, {name})", "calls")))


def test_the_images_sites_are_looked_at_only_where_one_is_named():
    Filter(["vcpu=0", "status=failed"], TABLE).check_sites(lambda: 1 / 0)
    Filter(["site=main"], TABLE).check_sites(lambda: ["main"], lambda: 1 / 0)
    Filter(["site=main,inner"], TABLE).check_sites(lambda: ["main"], lambda: ["inner"])


def test_a_call_is_at_the_functions_that_are_inlined_around_it_too():
    at = Site(1, function="main", inlined=("inner", "outer"))
    for name, selected in (("inner", True), ("outer", True), ("main", True), ("start", False)):
        chosen = Filter([f"site={name}"], TABLE)
        assert chosen.verdict(event(site=at)) is selected
        assert bool(list(chosen.remarks())) is not selected
