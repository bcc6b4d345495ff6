# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of the launcher start it with, and what a refusal is."""

import stat
from pathlib import Path

from helpers.guests import arguments_of, image_of
from helpers.process import Run

HELLO = image_of("hello")
HELLO_LINE = ["--", *arguments_of("hello")]
WAITS = "hang: waits\n"


def check_refused(refused: Run, status: int, *words: str) -> None:
    """One line of one sentence on standard error, all ``words`` in it, and nothing else."""
    assert refused.status == status, refused
    lines = refused.err.splitlines()
    assert len(lines) == 1 and lines[0].startswith("acrn-trace: "), refused.err
    for word in words:
        assert word in lines[0]
    assert refused.out == ""


def script(path: Path, text: str) -> Path:
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path
