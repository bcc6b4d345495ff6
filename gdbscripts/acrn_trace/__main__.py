# SPDX-License-Identifier: BSD-3-Clause
"""Runs the launcher, as ``python3 acrn_trace``."""

import gc
import os
import sys

gc.disable()  # until what the command needs is loaded: cli.launcher

# Python has put this folder first, where packages of ours would be taken for its own (``trace``).
_FOLDER = os.path.dirname(os.path.realpath(__file__))
sys.path[:] = [os.path.dirname(_FOLDER), *(p for p in sys.path if os.path.realpath(p) != _FOLDER)]

from acrn_trace.cli.launcher import main  # noqa: E402

sys.exit(main(sys.argv[1:]))
