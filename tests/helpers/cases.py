# SPDX-License-Identifier: BSD-3-Clause
"""Runs a case, a folder that says which guest, which commands of GDB's, and what comes of them.

Its file ``guest`` has one line: how the guest runs, its image, and more arguments for QEMU.
``at-rest IMAGE``: GDB has the image, and there is no guest. ``example NAME``: as the folder of the
example says. ``moved NAME``: the same under nested paging that is no identity. ``alone IMAGE``:
without a hypervisor. An image is an example's, or one of tests/gdb/guests.
"""

from pathlib import Path
from typing import Sequence

from helpers.guests import (
    Guest,
    arguments_of,
    build_test_guests,
    common_arguments,
    image_of,
    moved_arguments_of,
)
from helpers.tracing import gdb_command
from helpers.transcript import END, normalised, said_by_each
from helpers.tree import GUESTS


NESTED = "+++ the guest is nested: "  # of whatever guest, once


def session(case: Path, folder: Path) -> list[str]:
    """All that is seen: each command with what GDB prints, then the guest's own words and end."""
    how, name, *more = (case / "guest").read_text().split()
    commands = (case / "commands").read_text().splitlines()
    image = _image(name)
    if how == "at-rest":
        return _transcript(commands, said_by_each(gdb_command(image), commands))
    alone = ["-kernel", image]
    lines = {"example": arguments_of, "moved": moved_arguments_of}
    machine = lines[how](name) if how in lines else [*common_arguments(), *alone]
    arguments = [*machine, *more]
    with Guest(folder, arguments) as guest:
        attach = gdb_command(image, f"target remote {guest.socket}")
        lines = _transcript(commands, said_by_each(attach, commands))
        ended = guest.finished()
    return [*lines, *_normalised(ended.out), f"(the guest's end) status {ended.status}"]


def _image(name: str) -> Path:
    if image_of(name).exists():
        return image_of(name)
    build_test_guests()
    return GUESTS / f"{name}.elf"


def _transcript(commands: Sequence[str], said: Sequence[list[str]]) -> list[str]:
    """Without what GDB prints when it connects, and when it loses the guest, early or late."""
    lines = []
    for command, printed in zip(commands, said[1:], strict=True):
        told = [line for line in map(normalised, printed) if line != END]
        lines += [f"(gdb) {command}", *(line for line in told if not line.startswith(NESTED))]
    return lines


def _normalised(text: str) -> list[str]:
    return [normalised(line) for line in text.splitlines()]
