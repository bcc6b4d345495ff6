# SPDX-License-Identifier: BSD-3-Clause
"""Each folder of cases: commands typed at GDB, and all that they print.

With ACRN_WRITE_EXPECTED=1 what they print is written down where it is another than before.
"""

import os
from pathlib import Path

import pytest

from helpers.cases import session
from helpers.transcript import is_as_printed
from helpers.tree import ROOT

CASES = sorted((ROOT / "tests" / "gdb" / "cases").iterdir())
WRITE = os.environ.get("ACRN_WRITE_EXPECTED") == "1"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_prints_what_is_expected(case: Path, folder: Path) -> None:
    path, printed = case / "expected.txt", session(case, folder)
    expected = path.read_text().splitlines() if path.exists() else []
    if WRITE and not is_as_printed(expected, printed):
        path.write_text("".join(f"{line}\n" for line in printed))
    else:
        assert is_as_printed(expected, printed), "\n".join(printed)
