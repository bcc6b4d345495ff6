# SPDX-License-Identifier: BSD-3-Clause
"""Kernels that died: the page begins with the vCPU that did, and with what it died of.

tests/gdb/guests/dying.c has on its stacks what a Linux has; tests/linux has a real one.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from acrn_trace.diagnosis.case import Diagnosis
from acrn_trace.diagnosis.report import as_json, page
from helpers.crash.dead import at_rest
from helpers.crash.files import diagnosis_of, json_in
from helpers.guests import build_test_guests, common_arguments
from helpers.process import run
from helpers.tracing import gdb_command
from helpers.tree import GUESTS

IMAGE = GUESTS / "dying.elf"
FAULT, OOPS, PANIC = "fault-no-hypervisor", "oops", "panic"


@dataclass(frozen=True)
class Death:
    """What the page's first line says of the vCPU, what is said before the panic, by kind, where
    the vCPU was entered or interrupted, and what is named as the cause."""

    first: str
    before: tuple[str, ...] = ()
    came: tuple[str, ...] = ()
    cause: str = "is in the guest's panic"


CALLED = "is in panic, called by do_work+N (a guess)."
DEATHS = {
    "thread": Death(CALLED),
    "syscall": Death(CALLED, came=("a system call came in ring 3 at user_program+N",)),
    "entry": Death(CALLED, came=("an exception or interrupt came in ring 3 at 0x43ca2b",)),
    "interrupt": Death(CALLED, came=("an exception or interrupt came at interrupted_work+N",)),
    "oops": Death(
        "is in panic after an oops: 'ud2' at oops+N.",
        (OOPS,),
        cause="Linux had an oops on vCPU 0: 'ud2' at oops",
    ),
    "vmcall": Death(
        "is in panic after an oops: 'vmcall' at call_once+N.",
        (FAULT, OOPS),
        cause="start_vm at call_once",
    ),
}


def without_numbers(text: str) -> str:
    """Without what another compiler makes other: lines of source, and places in functions."""
    return re.sub(r"\+0x[0-9a-f]+", "+N", re.sub(r" \(\w+\.\w+:\d+\)", "", text))


def examined(words: str, folder: Path) -> tuple[Diagnosis, dict]:
    """The guest that was given these words, by a dump of it and as it is live."""
    build_test_guests()
    vcpus = ["-smp", "2"] if "second" in words else []
    arguments = [*common_arguments(), *vcpus, "-kernel", str(IMAGE), "-append", words]
    with at_rest(arguments, folder, ["dying: panic\n"]) as guest:
        dump = guest.dump(folder / "dump", paging=False)
        commands = [f"target remote {guest.socket}", "hypercall diagnose --json"]
        live = json_in(run(gdb_command(IMAGE, *commands)))
    return diagnosis_of(dump, IMAGE), live


def told(said: dict) -> list[tuple[str, int]]:
    """Kinds and vCPUs, without what is left in registers by chance."""
    return [(v["kind"], v["vcpu"]) for v in said["happened"] if v["kind"] != "last-call"]


@pytest.mark.parametrize(
    "words",
    ["thread", "syscall", "entry halt", "interrupt", "interrupt halt", "oops", "vmcall halt"],
)
def test_the_only_vcpu_panics(words, folder):
    death = DEATHS[words.split()[0]]
    dump, live = examined(words, folder)
    lines = [without_numbers(line) for line in page(dump)]
    assert lines[0] == f"vCPU 0 {death.first}"
    assert all(f"      {clause}" in lines for clause in death.came)
    assert death.cause in dump.verdicts[0].text
    kinds = [*death.before, PANIC, *(["exception"] if words == "interrupt halt" else [])]
    assert told(as_json(dump)) == told(live) == [(kind, 0) for kind in kinds]


@pytest.mark.parametrize("words", ["syscall second", "interrupt halt second", "vmcall second"])
def test_the_vcpu_that_it_stopped_is_a_bystander(words, folder):
    """It is halted with interrupts off, which the one that panicked need not be."""
    death = DEATHS[words.split()[0]]
    dump, live = examined(words, folder)
    first = without_numbers(next(page(dump)))
    assert first == f"Look at vCPU 1 first: vCPU 1 {death.first}"
    for said in (as_json(dump), live):
        assert said["look_at"] == 1
        assert [vcpu["end"] for vcpu in said["vcpus"]] == ["stopped by another", "panicked"]
        assert told(said)[: len(death.before) + 1] == [(k, 1) for k in (*death.before, PANIC)]
        assert [kind for kind, vcpu in told(said) if vcpu == 0] == ["stopped-by-another"]
        assert "vCPU 1, which is in panic, stopped it, at stop_this_cpu" in str(said["happened"])
