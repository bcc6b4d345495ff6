# SPDX-License-Identifier: BSD-3-Clause
"""Guests of examples/crash whose second vCPU comes to the end."""

from pathlib import Path

import pytest

from acrn_trace.diagnosis.report import as_json
from helpers.crash.ends import ENDS, PANIC
from helpers.crash.files import PRIVATE, diagnosis_of, json_in, kinds, taken
from helpers.process import run
from helpers.tracing import acrn_trace, gdb_command
from helpers.tree import IMAGES


def said_in_gdb(dump: Path) -> dict:
    commands = [f"core-file {dump}", f"hypercall load {PRIVATE}", "hypercall diagnose --json"]
    return json_in(run(gdb_command(IMAGES / "crash.elf", *commands)))


def said_by_launcher(option: str, file: Path) -> dict:
    return json_in(acrn_trace("-x", PRIVATE, option, file, "--json", IMAGES / "crash.elf"))


def test_the_second_vcpu_is_found_to_be_the_one(folder):
    """In GDB and by the launcher, too."""
    files = taken("lost-register", "crash", folder, second=True)
    said = as_json(diagnosis_of(files.plain, IMAGES / "crash.elf"))
    assert said_by_launcher("--core", files.plain) == said
    assert said_in_gdb(files.plain)["happened"] == said["happened"]
    assert said_in_gdb(files.paged)["happened"] == said["happened"]
    alone = said_by_launcher("--memory", files.memory)
    assert [v["kind"] for v in alone["happened"]] == files.expected.memory
    assert [(v["kind"], v["vcpu"]) for v in said["happened"]] == [
        ("register-lost-and-used", 1),
        (PANIC, 1),
    ]
    assert said["look_at"] == files.live["look_at"] == 1
    assert [vcpu["interrupts"] for vcpu in said["vcpus"]] == [True, False]


@pytest.mark.long
@pytest.mark.parametrize("end", [end for end in ENDS if "-both" not in end])
def test_every_end_of_the_second_vcpu(end, folder):
    if end in ("structure-overwritten", "tee-asleep", "idle", "no-hypervisor", "fault-skipped"):
        return  # it takes both vCPUs, or happens before there is a second one
    files = taken(end, "crash", folder, second=True)
    diagnosis = diagnosis_of(files.plain, IMAGES / "crash.elf")
    assert kinds(diagnosis) == ENDS[end].kinds
    said = [v for v in diagnosis.verdicts if v.kind != "last-call"]
    assert {v.vcpu for v in said if v.vcpu is not None} <= {1}
