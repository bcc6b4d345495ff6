# SPDX-License-Identifier: BSD-3-Clause
"""Builds in many ways: what there is to choose from, and compilers and linkers, side by side.

What is built, and with which options, is in tables: site_builds, ring_builds, corpus.builds.
"""

import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, Hashable, Iterable, Sequence, TypeVar

from helpers.process import SECONDS
from helpers.tree import ROOT

LONG = os.environ.get("ACRN_CHECK_LONG") == "1"
LIMIT = 3600 if LONG else SECONDS  # for any one compiler, linker or program
COMPILERS = ("gcc", "clang")
LEVELS = ("-O0", "-O1", "-O2", "-O3", "-Os")
STRICT = ("-std=gnu11", "-Wall", "-Wextra", "-Werror")

Item = TypeVar("Item", bound=Hashable)
Made = TypeVar("Made")


def run(command: Sequence[object], excused: str = "", silent: bool = False) -> bool:
    """Whether a compiler or a linker ran well; with ``silent`` it must not say a word then.

    What it may fail with is ``excused``, a regular expression; all else is an error.
    """
    words = list(map(str, command))
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT)
    said = done.stdout + done.stderr
    if done.returncode and excused and re.search(excused, said):
        return False
    assert done.returncode == 0 and not (silent and said), f"{' '.join(words)}\n{said}"
    return True


def each(work: Callable[[Item], Made], items: Iterable[Item]) -> dict[Item, Made]:
    """What ``work`` makes of each item, a thread a core: it waits for processes."""
    items = list(dict.fromkeys(items))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(items, pool.map(work, items)))
