# SPDX-License-Identifier: BSD-3-Clause
"""The commands in GDB without a guest: errors, lists, help and completion."""

import re

import pytest

from helpers.guests import image_of
from helpers.process import run
from helpers.service_trace import SERVICE
from helpers.tracing import gdb_command

HELLO = image_of("hello")


def test_a_file_that_does_not_fit_stops_nothing_that_runs(folder):
    (folder / "bad.elf").write_bytes(HELLO.read_bytes()[:5000])
    gdb = run(gdb_command(folder / "bad.elf", "hypercall sites", "python print('survived')"))
    assert "survived" in gdb.out and "Traceback" not in gdb.err


def test_the_sites_of_an_image():
    gdb = run(gdb_command(SERVICE, "hypercall sites"))
    assert re.search(r"^0xffffffff80\w+ create_vm +user_vm.c:\d+ create_user_vm$", gdb.out, re.M)
    assert re.search(r"^13 sites, by record and by scan alike$", gdb.out, re.M)


def test_the_table_in_use():
    everything = run(gdb_command(HELLO, "info hypercalls"))
    assert "0x80000000 get_api_version(" in everything.out
    assert "0x80000010 create_vm(" in everything.out
    some = run(gdb_command(HELLO, "info hypercalls ^(start|pause)_vm$"))
    assert re.findall(r"^0x\w+ (\w+)\(", some.out, re.M) == ["start_vm", "pause_vm"]
    none = run(gdb_command(HELLO, "info hypercalls xyzzy"))
    assert none.status == 1
    assert "no call matches 'xyzzy'" in none.err


COMMANDS = ["hypercall", "hypercall trace", "hypercall sites", "info hypercalls"]


@pytest.mark.parametrize("prefix", ["hypercall", "show hypercall", "set hypercall"])
def test_a_prefix_by_itself_lists_its_commands(prefix):
    said = run(gdb_command(HELLO, prefix)).out
    assert f"List of {prefix} subcommands:" in said.replace('"', "")  # GDB 18 quotes it


def test_every_command_has_help():
    gdb = run(gdb_command(HELLO, *(f"help {command}" for command in COMMANDS), "help hc"))
    assert "This command is not documented." not in gdb.out
    for said in (
        "Trace the hypercalls of a guest",
        "-o FILE",
        "List the hypercall sites",
        "in-flight",
    ):
        assert said in gdb.out


# What a command brings with it: code, DWARF, C, tables, sinks and the edge's own machinery.
LATE = (
    *("capstone", "elftools", "ctypes", "json", "argparse", "acrn_trace.in_gdb.session"),
    *("acrn_trace.tables.knowledge", "acrn_trace.image", "acrn_trace.sites", "acrn_trace.sinks"),
)


def test_the_script_loads_no_command():
    asked = f"python import sys; print('loaded:', [m for m in {LATE} if m in sys.modules])"
    gdb = run(gdb_command(HELLO, asked, "help hypercall trace", asked, "hypercall sites", asked))
    before, helped, used = re.findall(r"^loaded: (.*)$", gdb.out, re.MULTILINE)
    assert before == helped == "[]", gdb
    assert "acrn_trace.in_gdb.session" in used and "capstone" in used


def test_every_row_of_the_registry_has_its_module():
    rows = (
        "python from acrn_trace.in_gdb.commands import register, registry\n"
        "python for row in registry.COMMANDS: register._module(f'commands.{row.module}').make\n"
        "python for row in registry.FUNCTIONS: getattr(register._module("
        "f'commands.{row.module}'), row.name.removeprefix('_hypercall_').lstrip('_'))"
    )
    gdb = run(gdb_command(HELLO, *rows.split("\n"), "python print(len(registry.COMMANDS), 'rows')"))
    assert re.search(r"^[1-9]\d+ rows$", gdb.out, re.M) and gdb.err == "", gdb
