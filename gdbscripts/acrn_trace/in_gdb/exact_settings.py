# SPDX-License-Identifier: BSD-3-Clause
"""Has GDB take QEMU's stops for what they are, so that nothing is run twice."""

import gdb

# QEMU reports every stop in place and does not say so. GDB takes one behind a software breakpoint,
# also of its own for a step, for one at it: it sets RIP back, and the instruction is run again.
SETTING, NEEDED = "remote swbreak-feature-packet", "on"


def make_exact() -> None:
    """Once a stub is there, unless the user has set it. Runs a command of GDB's."""
    is_auto = gdb.parameter(SETTING) is None
    if is_auto and gdb.selected_thread():
        gdb.execute(f"set {SETTING} {NEEDED}", to_string=True)
