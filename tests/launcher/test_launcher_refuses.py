# SPDX-License-Identifier: BSD-3-Clause
"""Bad input to the launcher: status 2, before anything is started or written."""

import pytest

from helpers.launching import HELLO, HELLO_LINE, check_refused, script


def test_no_image(tool):
    check_refused(tool(), 2, "IMAGE")


@pytest.mark.parametrize(
    "options, words",
    [
        (["-e", "trace=nonsense"], ["-e trace=nonsense: no call is named 'nonsense'"]),
        (["-e", "site=guest_man"], ["no hypercall in a function guest_man", "guest_main?"]),
        (["-e", "colour=red"], ["-e colour=red: not a filter", "trace=CALL"]),
        (["-f", "yaml"], ["invalid choice: 'yaml'"]),
        (["--nonsense"], ["--nonsense"]),
        (["-o", "/no/such/folder/trace"], ["/no/such/folder/trace", "no such folder"]),
        (["-o", "/tmp"], ["/tmp", "it is a folder"]),
        (["-x", "/no/such.def"], ["/no/such.def", "No such file or directory"]),
        (["-x", str(HELLO)], [str(HELLO)]),
        (["--gdb", "/no/such/gdb"], ["cannot run /no/such/gdb", "--gdb"]),
        (["-p", "/no/such/socket"], ["leave out '--'"]),
    ],
)
def test_wrong_options(options, words, tool, folder):
    output = [] if "-o" in options else ["-o", folder / "trace"]
    check_refused(tool(*options, *output, HELLO, *HELLO_LINE), 2, *words)
    assert not (folder / "trace").exists()


@pytest.mark.parametrize(
    "arguments, hint",
    [(["frobnicate", "FILE"], "there are sites, lint, calls, "), (["convrt"], "mean convert?")],
)
def test_a_command_that_there_is_not(arguments, hint, tool):
    check_refused(tool(*arguments), 2, f"'{arguments[0]}' is neither a command nor an image", hint)


@pytest.mark.parametrize("line", [("-machine", "pc", "-cpu", "max"), ("-smp", "2")])
def test_qemus_arguments_without_what_separates_them(line, tool):
    check_refused(
        tool(HELLO, *line), 2, f"arguments: {line[0]} ", "; QEMU's arguments go behind --"
    )
    check_refused(tool(HELLO, *line, "--"), 2, f"{line[-1]}; 'acrn-trace --help'")


@pytest.mark.parametrize("options", [["-x", "F.def"], ["-q", "-f", "jsonl"], ["--json"]])
@pytest.mark.parametrize("command", ["report", "lint"])
def test_options_before_a_command(command, options, tool):
    told = f"the command {command} comes first, and its options behind it"
    check_refused(tool(*options, command, "FILE"), 2, told)
    check_refused(tool(*options, command), 2, told)


@pytest.mark.parametrize("argument", ["-s", "-gdb", "--gdb"])
def test_a_stub_of_the_users_own(argument, tool):
    check_refused(tool(HELLO, "--", argument, "tcp::1"), 2, argument, "-p")


@pytest.mark.parametrize(
    "text, words",
    [
        ("echo Python scripting is not supported >&2; exit 1", ["has no Python"]),
        ("echo version 11.2", ["is version 11", "GDB 12 or newer"]),
        ("echo version Fedora 9.1-7", ["is version 9"]),
    ],
    ids=["no Python", "old", "very old"],
)
def test_a_gdb_that_will_not_do(text, words, tool, folder):
    gdb = script(folder / "gdb", text)
    refused = tool("--gdb", gdb, "-o", folder / "trace", HELLO, *HELLO_LINE)
    check_refused(refused, 2, str(gdb), *words)
    assert not (folder / "trace").exists()


def test_without_pyelftools(tool, folder):
    (folder / "elftools.py").write_text("raise ImportError('not there')\n")
    refused = tool(HELLO, *HELLO_LINE, PYTHONPATH=str(folder))
    check_refused(refused, 2, "pyelftools is missing", "apt-get install python3-pyelftools")


def test_packages_of_ours_are_not_taken_for_pythons(tool, folder):
    """As by pdb, which pyelftools imports, of Python 3.13: it wants Python's own ``code``."""
    (folder / "elftools.py").write_text("import code\ncode.InteractiveConsole\nraise ImportError\n")
    refused = tool(HELLO, *HELLO_LINE, PYTHONPATH=str(folder))
    check_refused(refused, 2, "pyelftools is missing")
