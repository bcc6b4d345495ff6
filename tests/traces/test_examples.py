# SPDX-License-Identifier: BSD-3-Clause
"""Each example's trace is the one that its folder states, and the guest prints what it always does.

With ACRN_WRITE_EXPECTED=1 the traces are written down instead: read the difference then.
"""

import os
import re
from pathlib import Path

import pytest

from helpers.canonical import without_chance
from helpers.engines import as_by_stops, in_each_engine
from helpers.guests import (
    arguments_of,
    common_arguments,
    image_of,
    moved_arguments_of,
    printed_untraced,
)
from helpers.tracing import acrn_trace, trace_example
from helpers.tree import IMAGES, ROOT

MOVED = ["-kernel", IMAGES / "hypervisor-moved.elf"]

# Where the linker put an object of the guest is no part of the trace; nor is it when
# break_registers has exclusive-ored its pattern with it.
_IMAGE_ADDRESSES = (
    (re.compile(r"\b0xffffffff80[4-5][0-9a-f]{5}\b"), "VIRTUAL"),
    (re.compile(r"\b0xa5a5a5a580[4-5][0-9a-f]{5}\b"), "VIRTUAL^5a5a5a5a00000004"),
    (re.compile(r"\b0x4[0-9a-f]{5}\b"), "PHYSICAL"),
    (re.compile(r"\b0x5a5a5a5a004[0-9a-f]{5}\b"), "PHYSICAL^5a5a5a5a00000007"),
)
# What a compiler appends to the name of a function, or of a part of one, that it has made anew.
_MADE_ANEW = re.compile(r"(?<=\w)\.(?:cold|(?:isra|constprop|part)\.\d+)\b")


NESTED = re.compile(
    r"^\+\+\+ the guest is nested: its memory is read through the nested page table at "
    r"0x[0-9a-f]+, 4 levels; \[vcpu\] is QEMU's number, not the guest's \+\+\+\n",
    re.MULTILINE,
)


def canonical(trace: str) -> str:
    """The trace without what differs between two runs, two compilers, or two hypervisors."""
    trace = NESTED.sub("", without_chance(as_by_stops(trace)))
    for pattern, name in _IMAGE_ADDRESSES:
        trace = pattern.sub(name, trace)
    return _MADE_ANEW.sub("", trace)


RFLAGS = re.compile(r"^!! \w+ changed rflags: .*\n", re.MULTILINE)


def check_trace(expected_file: Path, actual: str, engine: str = "gdb") -> None:
    """Fail with both traces in full where they differ. The plugin does not know RFLAGS."""
    if engine == "plugin":
        _compare(RFLAGS.sub("", expected_file.read_text()), actual, expected_file)
        return
    if os.environ.get("ACRN_WRITE_EXPECTED"):
        expected_file.write_text(actual)
    _compare(expected_file.read_text(), actual, expected_file)


def _compare(expected: str, actual: str, expected_file: Path) -> None:
    if expected != actual:
        pytest.fail(
            f"--- expected, {expected_file}\n{expected}\n--- actual\n{actual}", pytrace=False
        )


@in_each_engine
@pytest.mark.parametrize("example", ["hello", "service", "clobber", "recorder"])
def test_the_trace_is_the_expected_one(example, engine, folder):
    traced = trace_example(example, "--engine", engine, "-o", folder / "trace")
    assert (traced.status, traced.err) == (0, "")
    assert traced.out == printed_untraced(arguments_of(example))
    trace = canonical((folder / "trace").read_text())
    check_trace(ROOT / "examples" / example / "expected.txt", trace, engine)


@in_each_engine
@pytest.mark.parametrize(
    "example",
    ["service", *(pytest.param(name, marks=pytest.mark.long) for name in ("hello", "clobber"))]
    + [pytest.param("recorder", marks=pytest.mark.long)],
)
def test_under_nested_paging_that_is_no_identity_it_is_the_same(example, engine, folder):
    """Structures are read through the nested page table, and that is said once, where it was looked
    for: the plugin has seen VMRUN."""
    arguments = moved_arguments_of(example)
    if example == "hello":  # which brings its own answer
        arguments = [*common_arguments(), *MOVED, "-initrd", image_of(example)]
    options = ("--engine", engine, "-o", folder / "trace")
    traced = acrn_trace(*options, image_of(example), "--", *arguments)
    assert (traced.status, traced.err) == (0, "")
    assert traced.out == printed_untraced(arguments)
    trace = (folder / "trace").read_text()
    assert len(NESTED.findall(trace)) == (engine == "gdb")
    check_trace(ROOT / "examples" / example / "expected.txt", canonical(trace), engine)


@in_each_engine
def test_on_standard_error_the_trace_is_the_same(engine, folder):
    traced = trace_example("hello", "--engine", engine)
    (folder / "expected").write_text(canonical(traced.err))
    trace_example("hello", "--engine", engine, "-o", folder / "trace")
    check_trace(folder / "expected", canonical((folder / "trace").read_text()))


@pytest.mark.parametrize(
    "planted", [("= 0 ", "= 1 "), ("get_api_version", "create_vm"), ("\n", "\n\n")]
)
def test_a_difference_is_shown_in_full(planted, folder, monkeypatch):
    monkeypatch.delenv("ACRN_WRITE_EXPECTED", raising=False)
    expected = (ROOT / "examples" / "hello" / "expected.txt").read_text()
    actual = expected.replace(*planted)
    (folder / "expected").write_text(expected)
    with pytest.raises(pytest.fail.Exception) as failure:
        check_trace(folder / "expected", actual)
    assert expected in str(failure.value) and actual in str(failure.value)


def test_what_is_canonicalised_is_no_more_than_times_and_places():
    line = (
        "[1] 0.125000 start_vm(vmid=4, regs=0x412e58, x=0x2000000) = -22 EINVAL <0.000100> at a.c:7"
    )
    assert canonical(line) == (
        "[1] T start_vm(vmid=4, regs=PHYSICAL, x=0x2000000) = -22 EINVAL <T> at a.c:7"
    )


def test_a_part_that_a_compiler_made_is_its_function():
    for name in ("ask.isra.0", "ask.cold", "ask.constprop.1.cold", "ask.isra.0.cold", "ask"):
        assert canonical(f"= 0 <0.000100> at a.c:7 {name}; b") == "= 0 <T> at a.c:7 ask; b"
