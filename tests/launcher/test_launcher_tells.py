# SPDX-License-Identifier: BSD-3-Clause
"""What the launcher, and make, tell without a guest."""

import re

import pytest

from helpers.launching import HELLO, check_refused
from helpers.process import run


@pytest.mark.parametrize("what", ["run", "trace"])
def test_make_knows_the_examples(what):
    made = run(["make", "-n", f"{what}-nosuch"])
    assert made.status == 2 and "there is no example 'nosuch'; take one of hello " in made.err


def test_the_calls(tool):
    calls = tool("calls", "^(start|pause)_vm$")
    assert (calls.status, calls.err) == (0, "")
    assert re.findall(r"^0x\w+ (\w+)\(", calls.out, re.M) == ["start_vm", "pause_vm"]
    private = tool("calls", "-x", "examples/hypervisor/hypervisor.def", "hang")
    assert "hang_in(" in private.out
    check_refused(tool("calls", "("), 2, "'(' is not a regular expression")


def test_the_sites(tool):
    sites = tool("sites", HELLO)
    assert (sites.status, sites.err) == (0, "")
    assert re.search(r"^0xffffffff80\w+ get_api_version +hello.c:\d+ guest_main$", sites.out, re.M)


def test_help_and_version(tool):
    told = tool("--help")
    assert told.status == 0 and "exit status" in told.out and told.err == ""
    for option in ("-V", "--version"):
        assert re.fullmatch(r"acrn-trace \d+\.\d+\.\d+\n", tool(option).out)
