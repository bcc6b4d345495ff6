# SPDX-License-Identifier: BSD-3-Clause
"""The tutorial does what it says, command by command."""

from helpers.transcript import is_as_printed
from helpers.tutorial import TUTORIAL, commands, run_all


def test_the_tutorial():
    every = commands(TUTORIAL.read_text())
    printed = run_all([command for command, _ in every])
    for place, (command, expected) in enumerate(every):
        found = "\n".join(printed[place])
        assert is_as_printed(expected, printed[place]), f"{command} prints\n{found}"


def test_what_is_compared():
    """Times, addresses, how the connection ends may differ, and lines for which ``...`` stands."""
    text = ["[0] 0.000001 start_vm(0x12345) = 0", "...", "end"]
    assert is_as_printed(text, ["[0] 7.654321 start_vm(0xabcdef) = 0", "a", "b", "end"])
    assert is_as_printed(text, ["[0] 7.654321 start_vm(0xabcdef) = 0", "end"])
    assert not is_as_printed(text, ["[0] 7.654321 start_vm(0xabcdef) = 1", "end"])
    assert not is_as_printed(text, ["[0] 7.654321 start_vm(0xabcdef) = 0", "end", "more"])
    assert not is_as_printed([], ["an error"])
    assert is_as_printed(["#0  f (a=1) at x.c:8"], ["#0  0x12345678 in f (a=1) at x.c:9"])
    assert not is_as_printed(["#0  f (a=1) at x.c:8"], ["#0  g (a=1) at x.c:8"])
    assert is_as_printed(["Remote connection closed"], ["Remote communication error.  Gone."])
