# SPDX-License-Identifier: BSD-3-Clause
"""Takes samples of several ways in turn, each in a folder of its own in memory."""

import tempfile
from pathlib import Path
from typing import Callable, Mapping, TypeVar

Sample = TypeVar("Sample")


def interleaved(
    ways: Mapping[str, Callable[[Path], Sample]], rounds: int
) -> dict[str, list[Sample]]:
    """The samples of each way, by its name. What else the machine does hits all alike."""
    samples: dict[str, list[Sample]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            with tempfile.TemporaryDirectory(prefix="acrn-bench-", dir="/dev/shm") as folder:
                samples[name].append(way(Path(folder)))
    return samples
