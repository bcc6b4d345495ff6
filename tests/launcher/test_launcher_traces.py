# SPDX-License-Identifier: BSD-3-Clause
"""What the launcher shows of a guest that comes to its end."""

import json
import re

import pytest

from helpers.canonical import events_of
from helpers.guests import Guest, arguments_of, image_of, printed_untraced
from helpers.launching import HELLO, HELLO_LINE
from helpers.tracing import trace_example


def test_attached_to_the_end(tool, folder):
    with Guest(folder, arguments_of("service")) as guest:
        attached = tool(
            "-p", guest.socket, "-f", "jsonl", "-o", folder / "trace", image_of("service")
        )
        finished = guest.finished()
    assert attached.status == 0, attached
    assert len(events_of(folder / "trace")) == 25
    assert finished.out == printed_untraced(arguments_of("service"))


def test_a_table_of_the_users_own(tool, folder):
    """The private call of the example hypervisor gets its name and its arguments'."""
    table = "examples/hypervisor/hypervisor.def"
    line = ["--", *arguments_of("clobber")]
    filters = ["-e", "trace=break_registers", "-e", "vcpu=0"]
    named = tool("-q", "-x", table, *filters, image_of("clobber"), *line)
    assert named.status == 0, named
    first = named.err.splitlines()[0]
    assert re.search(r"break_registers\(mask=0x2, number=(2147483648|0x80000000)\) = 0 <", first)
    assert len(named.err.splitlines()) == 38


def test_the_summary(tool):
    summary = tool("-c", HELLO, *HELLO_LINE)
    assert summary.status == 0
    assert re.search(r"^.* 1 .*get_api_version\b", summary.err, re.M), summary.err


def test_an_image_that_the_guest_does_not_run(tool):
    done = tool(HELLO, "--", *arguments_of("service"))
    assert done.status == 3
    assert "is it the image that the guest runs, " in done.err
    assert "is it the image" not in tool(HELLO, *HELLO_LINE).err


@pytest.mark.parametrize("form", [["-c"], ["-f", "jsonl", "-o", "trace"]], ids=["-c", "-o"])
def test_what_makes_a_trace_empty_is_said_where_it_has_no_notices(form, tool, folder):
    options = [str(folder / word) if word == "trace" else word for word in form]
    done = tool("-e", "vcpu=8", *options, HELLO, *HELLO_LINE)
    assert "+++ -e vcpu=8: no call was made on vCPU 8 +++\n" in done.err
    assert "+++ the" not in done.err
    assert "is it the image" in tool(*options, HELLO, "--", *arguments_of("service")).err
    quiet = tool("-q", *options, HELLO, "--", *arguments_of("service"))
    assert quiet.status == 3 and "\nacrn-trace: no site" in f"\n{quiet.err}"


def test_what_the_guest_prints_is_its_own(tool):
    traced = trace_example("hello", "-q")
    assert traced.out == printed_untraced(arguments_of("hello"))
    assert traced.err.count("\n") == 1


def test_jsonl_on_standard_error_is_json_alone(tool):
    traced = tool("-f", "jsonl", HELLO, *HELLO_LINE)
    (line,) = traced.err.splitlines()
    assert json.loads(line)["name"] == "get_api_version"
