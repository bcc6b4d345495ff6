# SPDX-License-Identifier: BSD-3-Clause
"""Where tests stand: a module's by its path, and each folder in one part of make check."""

import re
from pathlib import Path

from helpers.tree import ROOT


def packages(root: Path, mark: str) -> set[Path]:
    return {path.parent.relative_to(root) for path in root.rglob(mark)}


def test_each_folder_has_the_tests_of_the_package_of_its_name():
    ours = packages(ROOT / "tests" / "unit", "test_*.py") - {Path(".")}
    theirs = packages(ROOT / "gdbscripts" / "acrn_trace", "__init__.py")
    assert len(ours) > 10 and ours - theirs == set()


def test_each_folder_is_in_one_part_of_make_check():
    makefile = (ROOT / "Makefile").read_text()
    parts = re.search(r"^PARTS +:= (.*)$", makefile, re.MULTILINE)[1].split()
    folders = dict(re.findall(r"^(\w+)-TESTS +:= (.*)$", makefile, re.MULTILINE))
    listed = [name for part in parts for name in folders.pop(part).split()]
    tests = {path.parts[0] for path in packages(ROOT / "tests", "test_*.py")}
    assert folders == {} and sorted(listed) == sorted(tests - {"linux"})
