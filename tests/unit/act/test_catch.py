# SPDX-License-Identifier: BSD-3-Clause
"""What the words of ``catch hypercall`` mean, and what a stop says."""

import pytest
from acrn_trace.act.catch import (
    guarded_commands,
    hits_left,
    is_silent,
    parse_catch,
    plain_commands,
)
from acrn_trace.base.errors import TraceError
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
    assert parse_catch("", TABLE).calls.has(("acrn", 5), "any")
    vm = parse_catch("/vm", TABLE).calls
    assert vm.has(("acrn", 0x80000012), "start_vm")
    assert not vm.has(("acrn", 0x80000000), "get_api_version")
    assert not vm.has(("kvm", 0x80000012), "kvm:hypercall_0x80000012")
    assert not vm.has(("acrn", 0x80000012 + (1 << 32)), "hypercall_0x180000012")


@pytest.mark.parametrize(
    "text, words",
    [
        ("start_wm", "no call is named 'start_wm'; did you mean start_vm"),
        ("start_vm if", "the condition is missing"),
        ("-x", "has no option -x; -r catches the return"),
        ("%none", "no class of calls is named 'none'"),
        ("start_vm status=failed", "'status=failed'; if it is a condition, write 'if' before it"),
        ("$_hypercall_arg(1)==2", "if it is a condition, write 'if' before it"),
        ("start_vm thread", "which? 'info threads' lists them"),
    ],
)
def test_what_is_refused(text, words):
    with pytest.raises(TraceError, match=".") as error:
        parse_catch(text, TABLE)
    assert words in str(error.value)


def test_the_thread_may_be_given_as_for_a_breakpoint():
    request = parse_catch("-r start_vm thread 2 if thread == 3", TABLE)
    assert (request.thread, request.condition, request.calls.text) == (
        "2",
        "thread == 3",
        "start_vm",
    )
    assert parse_catch("start_vm", TABLE).thread is None


def test_the_commands_of_each_are_run_where_it_stopped_the_guest():
    entries = [
        (1, "silent\nprint 1\ncontinue\n"),
        (2, ""),
        (3, "silent\n"),
        (4, "if x\n  python\nend = 1\n  end\n  continue\nelse\n  y\nend\npython z\n"),
    ]
    assert guarded_commands(entries).split("if $_hypercall_stopped_by") == [
        "",
        "(1)\nprint 1\nend\n",
        "(1)\nset $_hypercall_goes_on = 1\nend\n",
        "(4)\nif x\n  python\nend = 1\n  end\n  continue\nelse\n  y\nend\nend\n",
        "(4)\npython z\nend",
    ]
    assert is_silent("silent\ncontinue") and not is_silent("print 1\nsilent") and not is_silent("")


LISTED = """Num     Type           Disp Enb Address    What
5       breakpoint     {} y   <PENDING>  call to hypercall
        {}
"""


@pytest.mark.parametrize(
    "disposition, more, left",
    [
        ("keep", "", None),
        ("dis ", "", 0),
        ("dis ", "disable after next 2 hits", 1),
        ("dis ", "disable after additional 3 hits", 2),
    ],
)
def test_what_enable_once_and_count_leave(disposition, more, left):
    assert hits_left(LISTED.format(disposition, more)) == left


def test_commands_as_gdbs_python_has_them_in_mi():
    listed = r',"silent","printf \"[%d] caf\303\251\\n\", $n","if $n > 1","continue","end"'
    lines = ["silent", r'printf "[%d] café\n", $n', "if $n > 1", "continue", "end"]
    assert plain_commands(listed).split("\n") == lines
    assert plain_commands("silent\ncontinue\n") == "silent\ncontinue\n"
    assert plain_commands(None) == ""
