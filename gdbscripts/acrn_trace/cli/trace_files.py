# SPDX-License-Identifier: BSD-3-Clause
"""Refuses what is given for a trace file and is none, and says which command or form it needs."""

import os
import stat

from acrn_trace.base.errors import TraceError
from acrn_trace.base.formats import COMPRESSED, LONGEST_START, Format, told_of
from acrn_trace.rings.blocks import MAGIC

# A trace as text begins with a vCPU and a time, or with what is told beside the calls.
_TEXT = rb"\[\d+\] +-?\d+\.\d+ |--- |\+\+\+ |% time +seconds"
FORMATS = (
    Format(_TEXT, "a trace in text, which only people read; have it made with -f jsonl"),
    Format(rb"\x7fELF.{12}\x04\x00", "a dump; 'acrn-trace ring DUMP IMAGE' shows the calls in it"),
    Format(rb"\x7fELF", "an ELF file; 'acrn-trace IMAGE -- QEMU ARGUMENTS' makes a trace of it"),
    *COMPRESSED,
)


def refuse_others(files: list[str]) -> None:
    """TraceError for a file that is known to be something else; pipes are left alone."""
    for file in files:
        start = _start(file)
        told = None if start.startswith(MAGIC) else told_of(start, FORMATS)
        if told:
            raise TraceError(f"{file} is no trace file: it is {told}")


def _start(path: str) -> bytes:
    """The first bytes of a file; none of what is no file, or not readable: the reader says so."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return b""
        with open(path, "rb") as file:
            return file.read(LONGEST_START)
    except OSError:
        return b""
