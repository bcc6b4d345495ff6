# SPDX-License-Identifier: BSD-3-Clause
"""Runs the benches: ``bench/run.py [NAME…]``, each a module here with a function ``run``.

``run()`` gives rows ``(what, samples, unit)``. Samples are taken interleaved, so that a machine
that others use as well is equally slow for all; what is printed is their median, its spread, and
the ratio to the first row of that unit.
"""

import importlib
import statistics
import sys
from pathlib import Path
from typing import Iterable

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "gdbscripts")]

Row = tuple[str, list[float], str]


def names() -> list[str]:
    """Every bench that there is."""
    return sorted(p.stem for p in HERE.glob("*.py") if "\ndef run(" in p.read_text())


def show(name: str, rows: Iterable[Row]) -> None:
    first: dict[str, float] = {}
    print(name)
    for what, samples, unit in rows:
        median = statistics.median(samples)
        first.setdefault(unit, median)
        spread = (max(samples) - min(samples)) / median if median else 0
        ratio = f"{median / first[unit]:.2f}" if first[unit] else "-"
        print(f"  {what:44} {median:12,.0f} {unit:9} {ratio:>6}  spread {spread:4.0%}")


def main(wanted: list[str]) -> int:
    unknown = set(wanted) - set(names())
    if unknown:
        print(f"no bench is named {min(unknown)}; there are {', '.join(names())}", file=sys.stderr)
        return 2
    for name in wanted or names():
        show(name, importlib.import_module(name).run())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
