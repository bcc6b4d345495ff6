# SPDX-License-Identifier: BSD-3-Clause
"""``python3 acrn_trace``: the launcher."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from acrn_trace.errors import TraceError  # noqa: E402

try:
    from acrn_trace.launch.launcher import main
except TraceError as error:  # a library that is missing
    print(f"acrn-trace: {error}", file=sys.stderr)
    sys.exit(error.status)

sys.exit(main(sys.argv[1:]))
