# SPDX-License-Identifier: BSD-3-Clause
"""What every layer of the tests shares: the package on the path, and no silent skips in CI."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "gdbscripts"), str(ROOT / "tests")]
