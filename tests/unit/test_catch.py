# SPDX-License-Identifier: BSD-3-Clause
"""What the words of ``catch hypercall`` mean, and what a stop says."""

import pytest
from acrn_trace.tamper.catch import is_silent, parse_catch, without_last_continue
from acrn_trace.errors import TraceError
from acrn_trace.tables.knowledge import acrn

TABLE = acrn().table


@pytest.mark.parametrize(
    "text, what, condition, at_return",
    [
        ("", "call to hypercall", None, False),
        ("start_vm", "call to hypercall start_vm", None, False),
        ("start_vm, pause_vm", "call to hypercall start_vm pause_vm", None, False),
        ("-r start_vm", "return from hypercall start_vm", None, True),
        ("start_vm -r if $x > 1", "return from hypercall start_vm", "$x > 1", True),
        ("if x if y", "call to hypercall", "x if y", False),
        ("/vm 0x80000099 if(x)", "call to hypercall /vm 0x80000099", "(x)", False),
    ],
)
def test_requests(text, what, condition, at_return):
    request = parse_catch(text, TABLE)
    assert (request.what, request.condition) == (what, condition)
    assert request.at_return == at_return


def test_which_calls_a_request_means():
    assert parse_catch("", TABLE).calls.has(5, "any")
    vm = parse_catch("/vm", TABLE).calls
    assert vm.has(0x80000012, "start_vm") and not vm.has(0x80000000, "get_api_version")
    assert not vm.has(0x80000012 + (1 << 32), "hypercall_0x180000012")


@pytest.mark.parametrize(
    "text, words",
    [
        ("start_wm", "no call is named 'start_wm'; did you mean start_vm"),
        ("start_vm if", "the condition is missing"),
        ("-x", "has no option -x; -r catches the return"),
        ("%none", "no class of calls is named 'none'"),
    ],
)
def test_what_is_refused(text, words):
    with pytest.raises(TraceError, match=".") as error:
        parse_catch(text, TABLE)
    assert words in str(error.value)


def test_the_last_continue_is_left_to_gdb():
    assert without_last_continue("silent\nprint 1\ncontinue\n") == ("print 1", True)
    assert without_last_continue("print 1\nif 1\n  continue\nend") == (
        "print 1\nif 1\n  continue\nend",
        False,
    )
    assert without_last_continue("") == ("", False)
    assert is_silent("silent\ncontinue") and not is_silent("print 1\nsilent") and not is_silent("")
