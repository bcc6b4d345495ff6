# SPDX-License-Identifier: BSD-3-Clause
"""docs/howto-new-hypercall.md: its commands, run exactly as printed in a copy of the tree."""

import re
import shutil
from pathlib import Path

import pytest

from helpers.canonical import without_chance
from helpers.process import run
from helpers.tree import ROOT

HOWTO = ROOT / "docs" / "howto-new-hypercall.md"
BLOCK = re.compile(r"```sh\n(.*?)```\n(?:\n```text\n(.*?)```\n)?", re.DOTALL)
COMMANDS = [(command, output or "") for command, output in BLOCK.findall(HOWTO.read_text())]
PARTS = ("Makefile", "cstub", "examples", "gdbscripts")  # what the commands touch
BUILT = (
    "acrn-types.o",
    "libacrn-model.so",
    "libacrn-reader.so",
    "examples/obj",
)
_PHYSICAL = re.compile(r"\b0x4[0-9a-f]{5}\b")


@pytest.fixture
def clone(tmp_path) -> Path:
    for part in (*PARTS, *(f"build/{name}" for name in BUILT)):
        target = tmp_path / part
        target.parent.mkdir(parents=True, exist_ok=True)
        run(["cp", "-a", ROOT / part, target])
    shutil.rmtree(tmp_path / "examples" / "load", ignore_errors=True)
    return tmp_path


def canonical(text: str) -> str:
    return _PHYSICAL.sub("PHYSICAL", without_chance(text))


def test_ten_commands_from_nothing_to_the_same_trace_twice(clone):
    assert len(COMMANDS) == 10
    for command, output in COMMANDS:
        ran = run(["bash", "-e", "-c", f"cd {clone} && {command}"])
        assert ran.status == 0, (command, ran)
        assert canonical(ran.out + ran.err) == canonical(output), command


def test_a_model_and_a_handler_that_differ_are_told_apart(clone):
    """The ten commands again, with a model that is wrong about one number."""
    for number, (command, _) in enumerate(COMMANDS, 1):
        command = command.replace("call.load.vcpus = 4", "call.load.vcpus = 3")
        ran = run(["bash", "-e", "-c", f"cd {clone} && {command}"])
        assert ran.status == (1 if number == 10 else 0), (command, ran)
    assert "vcpus=3" in ran.out and "vcpus=4" in ran.out and "1 equal, 1 changed" in ran.out
