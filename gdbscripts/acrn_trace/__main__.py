# SPDX-License-Identifier: BSD-3-Clause
"""``python3 acrn_trace``: the launcher."""

import sys
from pathlib import Path

# Python has put this folder first, where packages of ours would be taken for its own (``code``).
_FOLDER = Path(__file__).resolve().parent
sys.path[:] = [str(_FOLDER.parent), *(p for p in sys.path if Path(p).resolve() != _FOLDER)]

from acrn_trace.base.errors import TraceError  # noqa: E402

try:
    from acrn_trace.cli.launcher import main
except TraceError as error:  # a library that is missing
    print(f"acrn-trace: {error}", file=sys.stderr)
    sys.exit(error.status)

sys.exit(main(sys.argv[1:]))
