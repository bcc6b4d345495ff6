# SPDX-License-Identifier: BSD-3-Clause
"""A command line has one module, and what is slow to load is loaded by what needs it alone."""

import re

import pytest

from acrn_trace.base.errors import TraceError
from acrn_trace.cli.commands import COMMANDS, DIAGNOSE, TRACE, find_command
from helpers.make.blocks import HEAD, end_block, records_block, wide
from helpers.process import run
from helpers.tree import ROOT

SCRIPTS = ROOT / "gdbscripts"
READERS = {"capstone", "elftools"}  # of code, and of DWARF
# Of the standard library, what takes a third of a bare Python's start or more.
SLOW = {"ctypes", "dataclasses", "inspect", "json", "pathlib", "shutil", "subprocess", "typing"}
# Of ours, what works on calls one by one, in Python.
OF_EVENTS = {
    *("acrn_trace.trace.event", "acrn_trace.trace.eventjson", "acrn_trace.files.read"),
    *("acrn_trace.sinks.text", "acrn_trace.sinks.jsonl", "acrn_trace.sinks.summary"),
    *("acrn_trace.tables.compiled", "acrn_trace.tables.types"),
}
CALL = (
    '{"seq":0,"time":1.0,"duration":0.001,"clock":"host","vcpu":0,"abi":"acrn","nr":"0x80000000",'
    '"name":"get_api_version","args":["0x1000","0x0"],"ret":0,"rax":"0x0","errno":null,'
    '"status":"returned","answered_by":"hypervisor","source":"stop","site":"0x100000",'
    '"symbol":"main","file":null,"line":null,"clobbered":{},"findings":[],"repeats":0,'
    '"decoded":{"version":{"major_version":1,"minor_version":0}}}\n'
)


@pytest.mark.parametrize(
    "arguments, found",
    [
        (["calls", "vm"], ("calls", ["vm"])),
        (["diagnose", "x"], ("diagnose", ["x"])),
        (["--core", "x"], (DIAGNOSE, ["--core", "x"])),
        (["--memory=x", "image"], (DIAGNOSE, ["--memory=x", "image"])),
        (["image.elf", "--", "-m", "64M"], (TRACE, ["image.elf", "--", "-m", "64M"])),
        ([], (TRACE, [])),
    ],
)
def test_a_command_line_has_one_module(arguments, found):
    assert find_command(arguments) == found


def test_a_misspelled_command_is_told():
    with pytest.raises(TraceError, match="'reprot' is neither .*; did you mean report?"):
        find_command(["reprot"])


def loaded(*arguments: object) -> set[str]:
    """The modules that the launcher loads, by Python's own log of them."""
    command = ["/usr/bin/python3", "-X", "importtime", SCRIPTS / "acrn_trace", *arguments]
    ran = run(command)
    assert ran.status == 0, ran.err
    return set(re.findall(r"^import time: .*\| +(\S+)$", ran.err, re.MULTILINE))


def packages(modules: set[str]) -> set[str]:
    return {name.split(".")[0] for name in modules}


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_module_of_the_table_has_its_help(command):
    assert run([SCRIPTS / "acrn-trace", *command.split(), "--help"]).status == 0


def test_help_loads_options_only():
    modules = loaded("--help")
    ours = {name.split(".")[1] for name in modules if name.startswith("acrn_trace.")}
    assert ours == {"base", "cli", "options", "trace"}
    assert packages(modules) & (READERS | SLOW) == set()


def test_the_call_table_is_read_without_types_and_what_is_slow():
    modules = loaded("calls")
    tables = {name.split(".")[-1] for name in modules if name.startswith("acrn_trace.tables.")}
    assert tables == {"calls", "knowledge", "listing", "releases", "results"}
    assert packages(modules) & (READERS | SLOW) == set()


@pytest.mark.parametrize(
    "options", ["", "-v -t", "-f jsonl", "-c", "-C", "-e status=failed", "-e trace=%vm,create_vm"]
)
def test_a_recording_is_shown_without_events_and_what_works_on_them(options, tmp_path):
    (tmp_path / "trace").write_bytes(HEAD + records_block(wide(0)) + end_block(1))
    modules = loaded("report", *options.split(), tmp_path / "trace")
    assert modules & OF_EVENTS == set()
    assert packages(modules) & (READERS | SLOW) == {"ctypes"}


@pytest.mark.parametrize("form", ["text", "jsonl", "chrome"])
def test_a_trace_is_shown_without_code_and_dwarf(form, tmp_path):
    (tmp_path / "trace").write_text(CALL)
    modules = loaded("report", "-f", form, tmp_path / "trace")
    assert packages(modules) & {*READERS, "subprocess"} == set()
