# SPDX-License-Identifier: BSD-3-Clause
"""A guest of examples/crash is booted once, to its end; all files are taken of it there."""

from pathlib import Path
from typing import Iterator

import pytest

from helpers.crash.ends import ENDS
from helpers.crash.files import Files, taken
from helpers.process import run
from helpers.tree import IMAGES

GROUPED = [pytest.param(end, marks=pytest.mark.xdist_group(f"crash {end}")) for end in ENDS]


@pytest.fixture(scope="session", params=GROUPED)
def files(request, tmp_path_factory) -> Iterator[Files]:
    """Of one guest after the other: the tests of one follow each other, whatever their module."""
    folder = tmp_path_factory.mktemp("end")
    yield taken(request.param, "crash", folder)
    for path in folder.iterdir():
        path.unlink()


@pytest.fixture(scope="session")
def stripped(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("stripped") / "crash-stripped.elf"
    assert run(["strip", "-o", path, IMAGES / "crash.elf"]).status == 0
    return path
