# SPDX-License-Identifier: BSD-3-Clause
"""Traces guests: GDB with the scripts in it, and the launcher."""

from typing import Sequence

from helpers.guests import Guest, arguments_of, image_of
from helpers.process import Run, run
from helpers.tree import LAUNCHER, LOADER


def acrn_trace(*arguments: object, **options) -> Run:
    return run([LAUNCHER, *arguments], **options)


def trace_example(example: str, *options: object, more: Sequence[str] = (), **how) -> Run:
    """Trace an example with the launcher; ``more`` are further arguments for QEMU."""
    return acrn_trace(*options, image_of(example), "--", *arguments_of(example), *more, **how)


def gdb_command(image: object, *commands: str, loader: object = LOADER) -> list[str]:
    """A GDB without anybody's settings that loads the scripts and runs ``commands``.

    It waits for a QEMU that gets no processor, too.
    """
    line = ["gdb", "-nx", "-nh", "-q", "-batch", "-ex", "set style enabled off"]
    line += ["-ex", "set remotetimeout 60", "-x", str(loader)]
    for command in commands:
        line += ["-ex", command]
    return [*line, str(image)]


def gdb_at(guest: Guest, image: object, *commands: str) -> Run:
    """Attach to ``guest`` and run ``commands``; the guest runs on when GDB is done."""
    return run(gdb_command(image, f"target remote {guest.socket}", *commands))
