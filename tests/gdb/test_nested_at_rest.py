# SPDX-License-Identifier: BSD-3-Clause
"""A nested guest at rest: its ring and what it was doing, through the stub and in a dump."""

import re

import pytest

from helpers.guests import Guest, image_of, moved_arguments_of
from helpers.tracing import acrn_trace, gdb_at

SAID = "The guest is nested: its memory is read through the nested page table at 0x"
CALLS = ["get_api_version", "hypercall_0x80000099", "hypercall_0x800000f0", "get_api_version"]
_LINE = re.compile(r"^\[0\] [\d.]+ (\w+)\(", re.MULTILINE)
_NOW = "    now: version={major_version=1, minor_version=0}\n"


@pytest.fixture(scope="module")
def dumped(tmp_path_factory):
    """The dump of the machine, and what GDB said of the guest before it was written."""
    folder = tmp_path_factory.mktemp("nested")
    with Guest(folder, moved_arguments_of("recorder")) as guest:
        said = gdb_at(
            guest,
            image_of("recorder"),
            "catch hypercall start_vm",
            "continue",
            "hypercall ring",
            "hypercall diagnose",
            f"monitor dump-guest-memory {folder / 'dump'}",
            "kill",
        )
    return folder / "dump", said


def test_the_ring_of_a_stopped_guest(dumped):
    said = dumped[1]
    assert _LINE.findall(said.out)[:4] == CALLS, said
    assert said.out.count(_NOW) == 2 and SAID in said.err


def test_the_diagnosis_of_a_stopped_guest(dumped):
    assert "vCPU 0 is in the guest, at guest_main" in dumped[1].out
    assert "image_start+" in dumped[1].out  # a caller, on the guest's own stack


@pytest.mark.parametrize("image", ["recorder", None])
def test_the_ring_in_the_dump_of_the_machine(dumped, image):
    """Without the image nothing says that the guest is nested, and no ring is made up."""
    shown = acrn_trace("ring", dumped[0], *([image_of(image)] if image else []))
    if image:
        assert (shown.status, _LINE.findall(shown.out)[:4]) == (0, CALLS), shown
        assert shown.out.count(_NOW) == 2 and SAID in shown.err
    else:
        assert _NOW not in shown.out


def test_the_diagnosis_of_the_dump(dumped):
    told = acrn_trace("diagnose", dumped[0], image_of("recorder"))
    text = " ".join(told.out.split())
    assert told.status == 0 and SAID in text
    assert "vCPU 0 is in the guest, at guest_main" in text and "vCPU 1 is not started" in text


def test_another_image_is_not_taken_for_the_guests(dumped):
    told = acrn_trace("diagnose", dumped[0], image_of("service"))
    assert SAID not in " ".join(told.out.split())
