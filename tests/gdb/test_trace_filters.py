# SPDX-License-Identifier: BSD-3-Clause
"""What a trace shows of the calls: some, or their summary."""

import re

import pytest

from helpers.service_trace import CALLS_OF_SERVICE, calls_in


@pytest.mark.parametrize(
    "options, names",
    [
        ("-e trace=create_vm,destroy_vm", ["create_vm"] + ["destroy_vm"] * 3),
        ("-e trace=0x80000099", ["hypercall_0x80000099"]),
        ("-e vcpu=1", []),
        ("-e site=create_user_vm", ["create_vm"]),
        ("-e status=failed -e trace=destroy_vm", ["destroy_vm"] * 2),
        ("-e status=successful -e trace=destroy_vm,pause_vm", ["pause_vm"] * 2 + ["destroy_vm"]),
    ],
)
def test_filters(options, names, service):
    gdb, _ = service(f"hypercall trace {options}", "continue")
    assert calls_in(gdb.out) == names


def test_a_negated_filter_shows_the_others(service):
    gdb, _ = service("hypercall trace -e trace=!start_vm", "continue")
    names = calls_in(gdb.out)
    assert "start_vm" not in names and "create_vm" in names


def test_a_summary_alone_or_after_the_trace(service):
    alone, _ = service("hypercall trace -c", "continue")
    assert calls_in(alone.out) == []
    assert re.search(
        rf"^ *100\.00 .* {CALLS_OF_SERVICE} .* total\b", alone.out, re.MULTILINE
    ), alone.out
    row = re.search(r"^.*\bdestroy_vm\b.*$", alone.out, re.MULTILINE).group()
    assert row.split()[3:5] == ["3", "2"], alone.out


def test_a_summary_after_the_trace(service):
    both, _ = service("hypercall trace -C", "continue")
    assert len(calls_in(both.out)) == CALLS_OF_SERVICE
    assert re.search(rf" {CALLS_OF_SERVICE} .* total\b", both.out, re.MULTILINE)
