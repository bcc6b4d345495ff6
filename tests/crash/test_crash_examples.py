# SPDX-License-Identifier: BSD-3-Clause
"""Each guest of examples/crash is diagnosed right: from every kind of dump, live, and with the
wrong image.

A guest is booted once, to its end; all files are taken of it there.
"""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

import crashes
import pytest
from live import IMAGES, ROOT, Run, acrn_trace, gdb_command, run

from acrn_trace.at_rest.corefile import open_core
from acrn_trace.diagnosis import Diagnosis, diagnose
from acrn_trace.diagnosis.command import case_of
from acrn_trace.diagnosis.page import as_json, page
from acrn_trace.tables.knowledge import acrn
from acrn_trace.at_rest.memoryfile import open_memory

EXPECTED = ROOT / "examples" / "crash" / "expected"
PRIVATE = ROOT / "examples" / "hypervisor" / "hypervisor.def"
LONG = os.environ.get("ACRN_CHECK_LONG") == "1"

STOPPED, EXCEPTION, GAVE_UP = "stopped", "exception", "last-call-failed"


@dataclass(frozen=True)
class End:
    """What is to be said: ``kinds`` of a dump, ``memory`` of a file that has no registers,
    ``wrong`` with the wrong image, if that is not what is said with the right one.

    Of the other two builds ``ring`` and ``bare``, if that is anything else.
    """

    kinds: list[str]
    memory: list[str]
    wrong: list[str] | None = None
    ring: list[str] | None = None
    bare: list[str] | None = None


ENDS = {
    "call-hangs": End(["never-returned"], ["no-return"], bare=["in-hypervisor"]),
    "call-hangs-both": End(
        ["never-returned", "waits-behind"],
        ["no-return", "no-return"],
        bare=["in-hypervisor", "in-hypervisor"],
    ),
    "structure-overwritten": End(
        ["structure-overwritten", "never-returned", STOPPED],
        ["structure-overwritten", "no-return"],
        bare=[STOPPED, "in-hypervisor"],
    ),
    "error-ignored": End(["error-ignored", GAVE_UP], ["error-ignored"], bare=[STOPPED]),
    "creation-fails-with-0": End(
        ["creation-failed-with-0", GAVE_UP],
        ["creation-failed-with-0"],
        bare=[STOPPED],
    ),
    "not-permitted": End(["not-permitted", GAVE_UP], ["not-permitted"], bare=[STOPPED]),
    "tee-asleep": End(["tee-asleep"], ["no-return"], bare=["in-hypervisor"]),
    "no-hypervisor": End(
        ["fault-no-hypervisor", STOPPED],
        ["no-return"],
        bare=["fault-no-hypervisor", STOPPED],
    ),
    "fault-skipped": End(
        ["fault-skipped", GAVE_UP],
        ["fault-skipped"],
        bare=["fault-no-hypervisor", STOPPED],
    ),
    "ring-3": End(
        ["fault-not-ring-0", STOPPED],
        ["no-return"],
        bare=["fault-not-ring-0", STOPPED],
    ),
    "user-vm": End(
        ["fault-not-allowed", STOPPED],
        ["no-return"],
        bare=["fault-no-hypervisor", STOPPED],
    ),
    "lost-register": End(
        ["register-lost-and-used", STOPPED],
        ["register-lost"],
        ring=[EXCEPTION, STOPPED],
        bare=[EXCEPTION, STOPPED],
    ),
    "lost-register-unused": End(
        ["register-lost", STOPPED], ["register-lost"], ring=[STOPPED], bare=[STOPPED]
    ),
    "ring-off": End(["ring-off", STOPPED], ["ring-off"], bare=[STOPPED]),
    "ring-header-overwritten": End(
        ["ring-overwritten", STOPPED], ["ring-overwritten"], wrong=[], bare=[STOPPED]
    ),
    "ring-records-overwritten": End(
        ["ring-overwritten", STOPPED], ["ring-overwritten"], bare=[STOPPED]
    ),
    "ring-torn": End(["ring-torn", EXCEPTION, STOPPED], ["ring-torn"], bare=[STOPPED]),
    "ring-lapped": End(["ring-lapped", STOPPED], ["ring-lapped"], bare=[STOPPED]),
    "spin": End(["guest-hangs"], [], bare=["guest-hangs"]),
    "idle": End([], [], bare=[]),
}
GROUPED = [pytest.param(end, marks=pytest.mark.xdist_group(f"crash {end}")) for end in ENDS]


@dataclass
class Files:
    """All that was taken of one guest at its end."""

    end: str
    plain: Path
    paged: Path
    memory: Path
    live: dict

    @property
    def expected(self) -> End:
        return ENDS[self.end]


def taken(end: str, image: str, folder: Path, second: bool = False) -> Files:
    with crashes.dead(end, image, folder, second) as dead:
        return Files(
            end,
            dead.dump(folder / "plain", paging=False),
            dead.dump(folder / "paged", paging=True),
            dead.memory(folder / "memory"),
            diagnosed_live(dead, IMAGES / f"{image}.elf"),
        )


def diagnosed_live(dead: crashes.Dead, image: Path) -> dict:
    commands = [f"target remote {dead.socket}", f"hypercall load {PRIVATE}"]
    return json_in(run(gdb_command(image, *commands, "hypercall diagnose --json")))


def json_in(done: Run) -> dict:
    lines = [line for line in done.out.splitlines() if line.startswith("{")]
    assert len(lines) == 1, done
    return json.loads(lines[0])


@pytest.fixture(scope="module", params=GROUPED)
def files(request, tmp_path_factory) -> Iterator[Files]:
    folder = tmp_path_factory.mktemp("end")
    yield taken(request.param, "crash", folder)
    for path in folder.iterdir():
        path.unlink()


@pytest.fixture(scope="session")
def stripped(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("stripped") / "crash-stripped.elf"
    assert run(["strip", "-o", path, IMAGES / "crash.elf"]).status == 0
    return path


def diagnosis_of(path: Path, image: Path) -> Diagnosis:
    snapshot = open_memory(str(path)) if path.name == "memory" else open_core(str(path))
    return diagnose(case_of(snapshot, str(image), 0, acrn(None, [PRIVATE])))


def kinds(diagnosis: Diagnosis) -> list[str]:
    """Without the guess at the last call: what is left in R8 and on stacks is left by chance."""
    return [verdict.kind for verdict in diagnosis.verdicts if verdict.kind != "last-call"]


def happened(diagnosis: Diagnosis) -> str:
    """What the page says to have happened, without what differs from run to run and compiler to
    compiler."""
    lines = list(page(diagnosis))
    first = lines.index("WHAT PROBABLY HAPPENED") + 1
    text = "\n".join(lines[first:])
    text = re.sub(r"\n +", " ", re.sub(r"\n +(- |\d+\. )", r"@\1", "\n" + text))
    text = re.sub(r"@(?=\d+\. )", "\n", text).replace("@", "\n    ")
    text = re.sub(r"\n    - [^\n]*\(a guess\)", "", text)
    text = re.sub(r"was 0x\w+ before and 0x\w+ after", "was A before and B after", text)
    text = re.sub(r"'[a-z]+ [^'\n]*%[^'\n]*'", "INSTRUCTION", text.replace(".constprop.0", ""))
    text = re.sub(r"\+0x[0-9a-f]+", "+N", re.sub(r"0x[0-9a-f]{8,}", "ADDRESS", text))
    return re.sub(r"\b\d+\.\d{6}\b", "T", text).strip() + "\n"


def test_the_page_is_as_reviewed(files):
    said = happened(diagnosis_of(files.plain, IMAGES / "crash.elf"))
    path = EXPECTED / f"{files.end}.txt"
    if os.environ.get("ACRN_CRASH_EXPECTED") == "write":
        path.write_text(said)
    assert said == path.read_text()


def test_a_plain_dump_and_a_paged_one_say_the_same(files):
    plain = diagnosis_of(files.plain, IMAGES / "crash.elf")
    paged = diagnosis_of(files.paged, IMAGES / "crash.elf")
    assert kinds(plain) == files.expected.kinds
    assert plain.verdicts == paged.verdicts


def test_the_live_guest_says_the_same(files):
    assert [verdict["kind"] for verdict in files.live["happened"]] == files.expected.kinds
    assert files.live["source"] == "stub"


def test_a_file_of_memory_says_what_the_rings_say(files):
    diagnosis = diagnosis_of(files.memory, IMAGES / "crash.elf")
    assert kinds(diagnosis) == files.expected.memory
    assert any("no registers" in sentence for sentence in diagnosis.unknown)


def test_a_stripped_image_says_the_same(files, stripped):
    diagnosis = diagnosis_of(files.plain, stripped)
    assert kinds(diagnosis) == files.expected.kinds
    assert not any(state.place.symbol for state in diagnosis.vcpus)


def test_the_wrong_image_is_noticed_and_not_used(files):
    diagnosis = diagnosis_of(files.plain, IMAGES / "crash-bare.elf")
    said = files.expected.wrong
    assert kinds(diagnosis) == ["wrong-image", *(files.expected.kinds if said is None else said)]
    assert not any(state.place.symbol or state.callers for state in diagnosis.vcpus)
    assert not any(call.event.site.function or call.event.site.file for call in diagnosis.calls)


def test_the_hypervisors_image_names_the_hypervisor(files):
    if files.end not in ("call-hangs", "lost-register"):
        return  # where the hypervisor has a vCPU, and where it has not
    diagnosis = diagnosis_of(files.plain, IMAGES / "hypervisor.elf")
    assert kinds(diagnosis) == files.expected.kinds
    symbol = diagnosis.vcpus[0].place.symbol
    if files.end == "call-hangs":
        assert symbol.startswith("never_return")
        assert any("handle_hypercall" in evidence for evidence in diagnosis.verdicts[0].evidence)
    else:
        assert symbol is None and diagnosis.vcpus[0].where == "guest"


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
        (STOPPED, 1),
    ]
    assert said["look_at"] == files.live["look_at"] == 1
    assert [vcpu["interrupts"] for vcpu in said["vcpus"]] == [True, False]


SHORT = [("crash-bare", "call-hangs"), ("crash-bare", "ring-3"), ("crash-ring", "lost-register")]
EVERY = [(image, end) for image in ("crash-ring", "crash-bare") for end in ENDS]


@pytest.mark.parametrize("image, end", EVERY if LONG else SHORT)
def test_without_the_trampoline_and_without_a_ring(image, end, folder):
    files, expected = taken(end, image, folder), ENDS[end]
    said = expected.ring if image == "crash-ring" else expected.bare
    diagnosis = diagnosis_of(files.plain, IMAGES / f"{image}.elf")
    assert kinds(diagnosis) == (expected.kinds if said is None else said)
    assert [v["kind"] for v in files.live["happened"] if v["kind"] != "last-call"] == kinds(
        diagnosis
    )


def test_without_a_ring_the_stack_still_has_the_site(folder):
    files = taken("error-ignored", "crash-bare", folder)
    guess = diagnosis_of(files.plain, IMAGES / "crash-bare.elf").verdicts[-1]
    assert (guess.kind, guess.certainty) == ("last-call", "guess")
    assert re.search(r"calls\.c:\d+ error_is_ignored", guess.text)
    alone = json_in(acrn_trace("--memory", files.memory, "--json", IMAGES / "crash-bare.elf"))
    assert alone["image"]["match"] == "match"
    assert [v["kind"] for v in alone["happened"]] == ["nothing-known"]  # that is, not "no sign"


@pytest.mark.parametrize("option", ["--offset", "--base"])
def test_rings_that_are_read_where_they_are_not(option, folder):
    """Of a guest that hangs in a call: no call is found, which is not "no sign"."""
    files = taken("call-hangs", "crash", folder)
    source = ("--core", files.plain) if option == "--offset" else ("--memory", files.memory)
    wrong = acrn_trace(*source, option, "0x1000", "--json", IMAGES / "crash.elf")
    assert [v["kind"] for v in json_in(wrong)["happened"]] == ["nothing-known"]
    right = acrn_trace(*source, option, "0", "--json", IMAGES / "crash.elf")
    assert json_in(right)["happened"][0]["kind"] in ("never-returned", "no-return")


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


@pytest.mark.long
def test_other_images_with_other_files(files, stripped):
    for path, said in ((files.paged, files.expected.kinds), (files.memory, files.expected.memory)):
        assert kinds(diagnosis_of(path, stripped)) == said
        wrong = files.expected.wrong if files.expected.wrong is not None else said
        other = diagnosis_of(path, IMAGES / "crash-bare.elf")
        if files.end == "ring-header-overwritten" and path == files.memory:
            assert kinds(other) == ["nothing-known"]  # no page tables, so nothing to compare
        else:
            assert kinds(other) == ["wrong-image", *wrong]
