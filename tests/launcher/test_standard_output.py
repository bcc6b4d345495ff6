# SPDX-License-Identifier: BSD-3-Clause
"""Whatever prints: a reader who has enough is no failure, a full disk a sentence."""

import subprocess

import pytest

from helpers.guests import image_of
from helpers.tree import LAUNCHER

IMAGE = image_of("crash")
COMMANDS = [
    ["--help"],
    ["--version"],
    ["report", "--help"],
    ["calls"],
    ["sites", IMAGE],
    ["lint", "--explain", "r8-never-loaded"],
    ["--memory", IMAGE, IMAGE],
]


def printed_to(file, command):
    words = [LAUNCHER, *command]
    return subprocess.run(words, stdout=file, stderr=subprocess.PIPE, text=True, timeout=300)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(map(str, command[:1])))
def test_nobody_reads_it(command):
    with subprocess.Popen(["true"], stdin=subprocess.PIPE) as reader:
        reader.wait()
        done = printed_to(reader.stdin, command)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(map(str, command[:1])))
def test_there_is_no_room_for_it(command):
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = printed_to(full, command)
    said = "acrn-trace: cannot write to standard output: No space left on device\n"
    assert (done.returncode, done.stderr) == (2, said)
