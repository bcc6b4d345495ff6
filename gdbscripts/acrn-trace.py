# SPDX-License-Identifier: BSD-3-Clause
"""Loads acrn-trace into GDB: ``gdb -x acrn-trace.py IMAGE``, then ``help hypercall``."""

import os
import re
import sys

import gdb


def _load() -> None:
    version = re.search(r"\d+", gdb.VERSION)
    if version is None or int(version.group()) < 12:
        raise gdb.GdbError(f"acrn-trace needs GDB 12 or newer, and this is GDB {gdb.VERSION}.")
    sys.path.insert(0, os.path.dirname(os.path.realpath(os.path.expanduser(__file__))))
    from acrn_trace.base.errors import TraceError

    try:
        from acrn_trace.in_gdb.commands import register as commands

        commands.register()
    except TraceError as error:
        raise gdb.GdbError(f"acrn-trace: {error}.") from None


_load()
