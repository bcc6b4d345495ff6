# SPDX-License-Identifier: BSD-3-Clause
"""Traces a live guest by the plugin in QEMU where that has all that is asked, else by stops."""

import argparse

from acrn_trace.base.errors import TraceError
from acrn_trace.cli import live_plugin


def trace(options: argparse.Namespace, for_qemu: list[str]) -> int:
    """Trace a guest to its end, as the launcher's options say; the exit status.

    Of what is wrong for both engines the one with breakpoints tells.
    """
    try:
        live_plugin.planned(options, for_qemu)
    except TraceError:
        from acrn_trace.cli import live

        return live.trace(options, for_qemu)
    return live_plugin.trace(options, for_qemu)
