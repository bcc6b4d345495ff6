# SPDX-License-Identifier: BSD-3-Clause
"""QEMU's log of resets, written by a hostile guest's QEMU or by none."""

import pytest

from acrn_trace.cli.reset_log import CHUNK, ResetLog, may_log

FLOOD = b"CPU Reset (CPU 1)\n" * CHUNK  # as a vCPU has it that is sent one INIT after another


@pytest.mark.parametrize(
    "text, ended_so",
    [
        (b"Triple fault\n", True),
        (FLOOD + b"Triple fault\n", True),
        (b"Triple fault\n" + FLOOD, False),
        (b"", False),
    ],
)
def test_the_end_of_the_log_is_what_counts(text, ended_so, folder):
    log = ResetLog(folder / "log")
    assert log.options[-1] == str(folder / "log")
    (folder / "log").write_bytes(text)
    assert log.ends_in_triple_fault() == ended_so
    assert len(log._end) <= len(b"Triple fault\n")


@pytest.mark.parametrize(
    "line, free",
    [
        ("-m 64M -no-reboot", True),
        ("-machine pc -accel tcg", True),
        ("-d int -m 64M", False),
        ("--d int", False),
        ("-D file", False),
        ("-trace events", False),
        ("-M microvm,acpi=off", False),
        ("-machine microvm", False),
        ("--machine type=microvm", False),
        ("-append microvm", True),
    ],
)
def test_whose_log_it_is(line, free):
    assert may_log(line.split()) == free
