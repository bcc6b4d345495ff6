# SPDX-License-Identifier: BSD-3-Clause
"""Calls are found by number in any form, by name, by what else is shown; nothing is status 1."""

import pytest

from acrn_trace.base.errors import TraceError
from acrn_trace.tables.calls import CallTable, parse
from acrn_trace.tables.listing import call_lines

TABLE = CallTable(
    parse(
        "HYPERCALL1(0x80000010, create_vm, PTR(inout, acrn_vm_creation, vm))\n"
        "HYPERCALL1(0x80000012, start_vm, VMID(vmid))\n"
        "HYPERCALL0(0x10, sixteen)\n"
        "HYPERCALL0(0xffffffff12345678, wide)\n",
        "calls",
    )
)
NUMBER = ["0x80000010", "0X80000010", "80000010", "2147483664", "0b1" + "0" * 26 + "10000"]
AS_INT = ["0xffffffff80000010", "ffffffff80000010", "18446744071562067984", "-2147483632"]


def found(text: str) -> list[str]:
    return [line.split("(")[0].split()[1] for line in call_lines(TABLE, text, {})]


@pytest.mark.parametrize("text", NUMBER + AS_INT)
def test_a_number_in_any_form(text):
    assert found(text) == ["create_vm"]


@pytest.mark.parametrize(
    "text, names",
    [
        ("", ["sixteen", "create_vm", "start_vm", "wide"]),
        ("vm$", ["create_vm", "start_vm"]),  # names, though vm is shown of both
        ("0x10", ["sixteen"]),  # a number first, though it is a part of others
        ("16", ["sixteen"]),
        ("0x8000001", ["create_vm", "start_vm"]),
        ("acrn_vm_creation", ["create_vm"]),
        ("VMID", ["start_vm"]),
        ("0xffffffff12345678", ["wide"]),
    ],
)
def test_names_and_what_else_is_shown(text, names):
    assert found(text) == names


@pytest.mark.parametrize(
    "text, said, status",
    [
        ("0x80000099", "no call matches '0x80000099'", 1),
        ("12345678901234567890123", "no call matches", 1),
        ("strat_vm", "no call matches 'strat_vm'; did you mean start_vm", 1),
        ("(", "is not a regular expression", 2),
    ],
)
def test_nothing_found_is_no_success(text, said, status):
    with pytest.raises(TraceError) as error:
        call_lines(TABLE, text, {})
    assert said in str(error.value) and error.value.status == status
