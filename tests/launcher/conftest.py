# SPDX-License-Identifier: BSD-3-Clause
"""The launcher, with nothing of it left behind, and a guest that hangs."""

import os
import signal
from pathlib import Path

import pytest

from helpers.guests import build_test_guests
from helpers.process import Run, processes_with, run, start
from helpers.tree import GUESTS, LAUNCHER


@pytest.fixture
def tool(folder):
    """Run the launcher; its temporary files and its processes must be gone when the test is."""
    temporary = folder / "tmp"
    temporary.mkdir()
    environment = {"TMPDIR": str(temporary)}

    def launch(*arguments: object, **more: str) -> Run:
        return run([LAUNCHER, *arguments], environment=environment | more)

    launch.start = lambda *arguments: start([LAUNCHER, *arguments], environment)
    yield launch
    left = processes_with(temporary)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert left == {}
    assert list(temporary.iterdir()) == []


@pytest.fixture(scope="session")
def hang() -> Path:
    """A guest that makes two calls and then one that does not come back, where it prints WAITS."""
    build_test_guests()
    return GUESTS / "hang.elf"
