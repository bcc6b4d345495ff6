# SPDX-License-Identifier: BSD-3-Clause
"""Where the repository, what is built in it, and the product are."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "build" / "examples"
GUESTS = ROOT / "build" / "tests" / "guests"
# What runs below the examples: 'make check-moved' names another.
HYPERVISOR = IMAGES / os.environ.get("ACRN_HYPERVISOR", "hypervisor.elf")
# A copy with a planted bug is named by the environment.
SCRIPTS = Path(os.environ.get("ACRN_TRACE_SCRIPTS", ROOT / "gdbscripts"))
IN_GDB = ROOT / "tests" / "helpers" / "in_gdb"  # scripts that GDB runs
LAUNCHER = SCRIPTS / "acrn-trace"
LOADER = SCRIPTS / "acrn-trace.py"
