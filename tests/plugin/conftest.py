# SPDX-License-Identifier: BSD-3-Clause
"""QEMU's plugin: collected only where the QEMU on PATH is one that it works with."""

from acrn_trace.base.errors import TraceError
from acrn_trace.cli.plugin import api_of
from helpers.guests import QEMU

try:
    api_of(QEMU)
    collect_ignore_glob: list[str] = []
except TraceError:
    collect_ignore_glob = ["test_*.py"]
