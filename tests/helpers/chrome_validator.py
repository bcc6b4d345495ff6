# SPDX-License-Identifier: BSD-3-Clause
"""Checks a file against the Trace Event Format as published, and against what Perfetto drops.

Written from the format's description ("Trace Event Format", the JSON array form, the phases X and M
and the metadata names), not from our writer.
"""

import json
from collections import defaultdict
from numbers import Real

# Of the format's phases those that every importer shows.
PHASES = {"X", "M"}
METADATA = {
    "process_name": {"name": str},
    "process_labels": {"labels": str},
    "process_sort_index": {"sort_index": int},
    "thread_name": {"name": str},
    "thread_sort_index": {"sort_index": int},
}
EXACT = 1 << 53  # JavaScript's numbers are exact up to here


def validate(text):
    """The slices of the file; AssertionError for what the format does not allow."""
    elements = json.loads(text, parse_constant=_no_constant)
    assert isinstance(elements, list)
    for element in elements:
        assert isinstance(element, dict)
        assert element["ph"] in PHASES
        assert isinstance(element["name"], str)
        assert _whole(element["pid"]) and _whole(element["tid"])
        assert isinstance(element.get("args", {}), dict), "args is an object, never a list"
        assert _exact(element), "an integer that a reader would lose"
        (_check_slice if element["ph"] == "X" else _check_metadata)(element)
    slices = [element for element in elements if element["ph"] == "X"]
    if slices:
        assert min(element["ts"] for element in slices) == 0, "times begin near 0"
    _check_nesting(slices)
    _check_names(elements, slices)
    return slices


def _no_constant(text):
    raise AssertionError(f"{text} is not JSON")


def _whole(value):
    return type(value) is int and value >= 0


def _exact(tree):
    if isinstance(tree, dict):
        return all(map(_exact, tree.values()))
    if isinstance(tree, list):
        return all(map(_exact, tree))
    return not isinstance(tree, int) or abs(tree) < EXACT


def _check_slice(element):
    for key in ("ts", "dur"):  # microseconds
        assert isinstance(element[key], Real) and not isinstance(element[key], bool)
        assert element[key] >= 0
    assert isinstance(element["cat"], str) and element["cat"]


def _check_metadata(element):
    arguments = METADATA[element["name"]]
    assert element["args"].keys() == arguments.keys()
    for key, kind in arguments.items():
        assert type(element["args"][key]) is kind


def _check_nesting(slices):
    """Of one track, two slices are apart or one is inside the other: else Perfetto drops one."""
    tracks = defaultdict(list)
    for element in slices:
        begin = element["ts"]
        tracks[element["pid"], element["tid"]].append((begin, -(begin + element["dur"])))
    for spans in tracks.values():
        open_ends = []
        for begin, end in sorted(spans):
            while open_ends and open_ends[-1] <= begin:
                open_ends.pop()
            assert not open_ends or -end <= open_ends[-1], "slices overlap"
            open_ends.append(-end)


def _check_names(elements, slices):
    named = {(e["pid"], e["tid"]) for e in elements if e["name"] == "thread_name"}
    assert {(e["pid"], e["tid"]) for e in slices} <= named, "a track without a name"
    assert not slices or any(e["name"] == "process_name" for e in elements)
