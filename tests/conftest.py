# SPDX-License-Identifier: BSD-3-Clause
"""What every layer of the tests shares: the package on the path, and no silent skips in CI."""

import os
import sys
import tempfile
from pathlib import Path
from typing import Iterator

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "gdbscripts"), str(ROOT / "tests")]

# The same examples at each run, whatever the machine's load; the long run looks for new ones.
hypothesis.settings.register_profile("check", derandomize=True, deadline=None)
hypothesis.settings.register_profile("long", deadline=None)
hypothesis.settings.load_profile("long" if os.environ.get("ACRN_CHECK_LONG") == "1" else "check")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A temporary folder with a short name: sockets go there, whose paths may have 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="at-", dir="/tmp") as path:
        yield Path(path)
