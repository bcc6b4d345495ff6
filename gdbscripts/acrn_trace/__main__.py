# SPDX-License-Identifier: BSD-3-Clause
"""``python3 acrn_trace``: the launcher."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from acrn_trace.launcher import main  # noqa: E402

sys.exit(main(sys.argv[1:]))
