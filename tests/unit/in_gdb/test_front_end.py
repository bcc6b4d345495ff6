# SPDX-License-Identifier: BSD-3-Clause
"""Whether GDB's command line is that of a front end."""

import pytest

from acrn_trace.in_gdb.front_end import asks_for_mi


@pytest.mark.parametrize(
    "line",
    [
        "gdb|--interpreter=mi3",
        "gdb|-q|-i|mi",
        "gdb|-i=mi2|image",
        "gdb|--interp|mi4|image",
        "gdb|-q|-nw|-i|console|-ex|new-ui mi /dev/pts/5|-ex|set pagination off",
        "gdb|--eval-command=new-ui mi3 /dev/pts/7",
    ],
)
def test_a_front_end(line):
    assert asks_for_mi(line.split("|"))


@pytest.mark.parametrize(
    "line",
    [
        "gdb",
        "gdb|--interpreter=console|mi.elf",
        "gdb|-i|tui",
        "gdb|-ix|mi.gdb|mi",
        "gdb|-iex|mi",
        "gdb|-x|mi",
        "mi",
    ],
)
def test_a_person(line):
    assert not asks_for_mi(line.split("|"))
