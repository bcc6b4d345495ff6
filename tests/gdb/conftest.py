# SPDX-License-Identifier: BSD-3-Clause
"""The guests of these tests are built when the first of them wants one."""

from pathlib import Path
from typing import Callable

import pytest
from live import GUESTS, build_test_guests


@pytest.fixture(scope="session")
def test_guest() -> Callable[[str], Path]:
    """The image of a guest in tests/gdb/guests, by its name."""
    build_test_guests()
    return lambda name: GUESTS / f"{name}.elf"
