# SPDX-License-Identifier: BSD-3-Clause
"""``-e`` where it can select nothing: said before the trace as far as that is known, else after."""

import pytest

from acrn_trace.base.errors import TraceError
from acrn_trace.tables.calls import CallTable
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
        (["main", None], "there is only main"),
        ([f"f{number}" for number in range(99)], "'acrn-trace sites' lists them"),
        ([None], "it has no symbols"),
    ],
)
def test_a_site_that_the_image_does_not_have_is_refused(functions, hint):
    with pytest.raises(TraceError, match="no hypercall in a function creat_user_vm") as refused:
        Filter(["site=!creat_user_vm"], TABLE).check_sites(lambda: functions)
    assert hint in str(refused.value)


def test_the_images_sites_are_looked_at_only_where_one_is_named():
    Filter(["vcpu=0", "status=failed"], TABLE).check_sites(lambda: 1 / 0)
    Filter(["site=main"], TABLE).check_sites(lambda: [None, "main"])
