# SPDX-License-Identifier: BSD-3-Clause
"""What every layer of the tests shares: the package on the path, and no silent skips in CI."""

import sys
import tempfile
from pathlib import Path
from typing import Iterator

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "gdbscripts"), str(ROOT / "tests")]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A temporary folder with a short name: sockets go there, whose paths may have 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="at-", dir="/tmp") as path:
        yield Path(path)
