# SPDX-License-Identifier: BSD-3-Clause
"""The pages of docs/howto-*: their commands, run exactly as printed in a copy of the tree."""

import re
import shutil
from pathlib import Path

import pytest

from helpers.canonical import without_chance
from helpers.process import run
from helpers.tree import ROOT

BLOCK = re.compile(r"```sh\n(.*?)```\n(?:\n```text\n(.*?)```\n)?", re.DOTALL)


def commands_of(page: str) -> list[tuple[str, str]]:
    """Each command of the page, and what it prints."""
    blocks = BLOCK.findall((ROOT / "docs" / page).read_text())
    return [(command, output or "") for command, output in blocks]


COMMANDS = commands_of("howto-new-hypercall.md")
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


def files_of(tree: Path) -> dict[str, bytes]:
    """What the tracer is made of, and its tables."""
    paths = [path for part in ("Makefile", "cstub", "gdbscripts") for path in walk(tree / part)]
    return {str(path.relative_to(tree)): path.read_bytes() for path in paths}


def walk(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return [one for one in path.rglob("*") if one.is_file() and one.suffix != ".pyc"]


def test_another_hypervisor_needs_no_line_but_its_own(clone):
    commands, before = commands_of("howto-new-hypervisor.md"), files_of(clone)
    assert len(commands) == 7
    for command, output in commands:
        ran = run(["bash", "-e", "-c", f"cd {clone} && {command}"])
        assert ran.status == 0, (command, ran)
        assert canonical(ran.out + ran.err) == canonical(output), command
    after = files_of(clone)
    rows = "cstub/include/abi.def"
    assert after.pop(rows).startswith(before.pop(rows))
    assert {name for name in after if after[name] != before.get(name)} == {
        f"cstub/include/toy{end}" for end in (".def", "_errors.def", "_types.h")
    }


def test_a_model_and_a_handler_that_differ_are_told_apart(clone):
    """The ten commands again, with a model that is wrong about one number."""
    for number, (command, _) in enumerate(COMMANDS, 1):
        command = command.replace("call.load.vcpus = 4", "call.load.vcpus = 3")
        ran = run(["bash", "-e", "-c", f"cd {clone} && {command}"])
        assert ran.status == (1 if number == 10 else 0), (command, ran)
    assert "vcpus=3" in ran.out and "vcpus=4" in ran.out and "1 equal, 1 changed" in ran.out
