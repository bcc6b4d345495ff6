# SPDX-License-Identifier: BSD-3-Clause
"""A front end that drives GDB by GDB/MI is told what a person at GDB's console is."""

import pytest

from helpers.guests import Guest, arguments_of
from helpers.mi_front_end import front_end
from helpers.service_trace import CALLS_OF_SERVICE, SERVICE, calls_in, untouched

STRUCTURE = "get_api_version(version={major_version=1, minor_version=0}) = 0"


def is_told_as_a_breakpoint(stop: str, function: str) -> bool:
    parts = ('reason="breakpoint-hit"', f'func="{function}"', 'thread-id="1"', "stopped-threads=")
    return all(part in stop for part in parts)


@pytest.mark.parametrize("mi_async", ["on", "off"])
def test_a_session(mi_async, folder):
    with Guest(folder, arguments_of("service")) as guest:
        with front_end(guest, SERVICE, mi_async) as mi:
            assert mi.console(f"hypercall trace -o {folder / 'trace'}") == "^done"
            assert mi.console("catch hypercall start_vm") == "^done"
            assert is_told_as_a_breakpoint(mi.go_on(), "start_user_vm")
            assert mi.console("hypercall call get_api_version") == "^done"  # where one waits
            assert mi.command("-break-delete 1") == "^done"
            assert mi.console("tcatch hypercall -r pause_vm") == "^done"
            assert is_told_as_a_breakpoint(mi.go_on(), "pause_user_vm")
            assert mi.command('-data-evaluate-expression "$_hypercall_ret"') == '^done,value="0"'
            before = len(mi.lines)
            assert mi.console("hypercall call get_api_version") == "^done"
            records = [line for line in mi.lines[before:] if line[0] in "*=+^"]
            assert records == [], mi.lines[before:]
            assert mi.command("-exec-continue") == "^running"
            mi.wait("=thread-group-exited")
        assert untouched(guest.finished())
    assert "hit Catchpoint 1 (call to hypercall start_vm), at user_vm.c:" in mi.text()
    assert "hit Catchpoint 2 (returned from hypercall pause_vm = 0), at user_vm.c:" in mi.text()
    assert f"{STRUCTURE} <" in mi.text()  # by hand
    trace = (folder / "trace").read_text()
    assert len(calls_in(trace)) == CALLS_OF_SERVICE + 2 and STRUCTURE in trace, trace
    assert "unreadable" not in trace and "may have stopped" not in trace, trace


def test_commands_that_go_on_and_a_condition(folder):
    with Guest(folder, arguments_of("service")) as guest:
        with front_end(guest, SERVICE) as mi:
            assert mi.console("catch hypercall start_vm") == "^done"
            assert mi.console("catch hypercall pause_vm") == "^done"
            assert mi.command('-break-commands 1 "silent" "print 1234" "continue"') == "^done"
            assert mi.command('-break-condition 2 "$_hypercall_arg(1) == 2"') == "^done"
            assert is_told_as_a_breakpoint(mi.go_on(), "pause_user_vm")
            assert mi.text().count("= 1234\n") == 3  # it starts its VM three times until there
            assert mi.command("-break-delete") == "^done"
            assert mi.command("-exec-continue") == "^running"
            mi.wait("=thread-group-exited")
        assert untouched(guest.finished())
