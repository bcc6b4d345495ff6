# SPDX-License-Identifier: BSD-3-Clause
"""Finds the files of a Linux's modules below a folder, by the names that the kernel gives them."""

import os
from pathlib import Path
from typing import Iterator

from acrn_trace.base.errors import TraceError

SUFFIXES = (".ko", ".ko.xz", ".ko.zst", ".ko.gz")  # as CONFIG_MODULE_COMPRESS has them
MAX_ENTRIES = 200_000  # files that are looked at


def module_files(folder: str) -> dict[str, Path]:
    """One file for each name that the kernel knows a module by."""
    found: dict[str, Path] = {}
    for path in modules_below(folder):
        found.setdefault(_of_kernel(path.name.partition(".ko")[0]), path)
    return found


def modules_below(folder: str) -> Iterator[Path]:
    """Each of them, compressed or not, folder by folder; TraceError where there is no end."""
    looked_at = 0
    for place, folders, names in os.walk(folder):
        folders.sort()
        looked_at += len(names)
        if looked_at > MAX_ENTRIES:
            raise TraceError(f"{folder} has more than {MAX_ENTRIES} files below it; give one below")
        for name in sorted(names):
            if name.endswith(SUFFIXES):
                yield Path(place, name)


def _of_kernel(name: str) -> str:
    """The kernel has no dashes in the names of modules."""
    return name.replace("-", "_")
