# SPDX-License-Identifier: BSD-3-Clause
"""A module's tests are found by its path: the folders here are the packages there."""

from pathlib import Path

from helpers.tree import ROOT


def packages(root: Path, mark: str) -> set[Path]:
    return {path.parent.relative_to(root) for path in root.rglob(mark)}


def test_each_folder_has_the_tests_of_the_package_of_its_name():
    ours = packages(ROOT / "tests" / "unit", "test_*.py") - {Path(".")}
    theirs = packages(ROOT / "gdbscripts" / "acrn_trace", "__init__.py")
    assert len(ours) > 10 and ours - theirs == set()
