# SPDX-License-Identifier: BSD-3-Clause
"""Finds the files of a Linux's modules, below the folder of its vmlinux, by their names."""

import os
from pathlib import Path

MAX_ENTRIES = 200_000  # files that are looked at


def module_files(folder: str) -> dict[str, Path]:
    """The ``.ko`` files below ``folder`` by the names that the kernel gives them."""
    found: dict[str, Path] = {}
    looked_at = 0
    for place, _, names in os.walk(folder):
        looked_at += len(names)
        if looked_at > MAX_ENTRIES:
            break
        for name in names:
            if name.endswith(".ko"):
                found.setdefault(_of_kernel(name.removesuffix(".ko")), Path(place, name))
    return found


def _of_kernel(name: str) -> str:
    """The kernel has no dashes in the names of modules."""
    return name.replace("-", "_")
