# SPDX-License-Identifier: BSD-3-Clause
"""Dumps of real guests, of each kind: where the vCPUs were, the guest's memory, its ring."""

import contextlib
import json
import re
import shutil
import subprocess
import time

import pytest

from acrn_trace.at_rest.corefile import open_core
from acrn_trace.at_rest.image_match import DIFFERS, MATCH, PATCHED
from acrn_trace.at_rest.memoryfile import open_memory
from acrn_trace.at_rest.postmortem import examine
from acrn_trace.cli.monitor import Monitor
from acrn_trace.image.image import open_image
from helpers.crash.dead import dead
from helpers.guests import QEMU, Guest, arguments_of, image_of, symbol
from helpers.process import SECONDS, ended, run, start
from helpers.tracing import acrn_trace, gdb_at, gdb_command
from helpers.tree import HYPERVISOR

# Where the example's README says that each is.
GUEST_CR3, HYPERVISOR_CR3 = 0x400000, 0x2000000
CALLS = ["get_api_version", "hypercall_0x80000099", "hypercall_0x800000f0", "get_api_version"]
CALLS += ["hypercall_0x800000f0", "get_api_version", "pause_vm"]
_CALL = re.compile(r"^\[[01]\] \d+\.\d+ (\w+)\(", re.MULTILINE)
MEMORY = 64 << 20
BOTH = {"guest", "hypervisor"}


@contextlib.contextmanager
def powered_off(example, folder):
    """A guest that came to its normal end; QEMU, which would go too, keeps what it was."""
    command = [QEMU, *arguments_of(example), "-no-shutdown", "-qmp"]
    with ended(start([*command, f"unix:{folder / 'qmp'},server=on,wait=off"])):
        deadline = time.monotonic() + SECONDS
        while not (folder / "qmp").exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        with contextlib.closing(Monitor(folder / "qmp")) as monitor:
            while monitor.execute("query-status")["status"] != "shutdown":
                assert time.monotonic() < deadline, "the guest does not power off"
                time.sleep(0.01)
            yield monitor


def dump_of(monitor, path, paging=False):
    monitor.execute("dump-guest-memory", protocol=f"file:{path}", paging=paging)
    return path


@pytest.fixture(scope="module")
def recorder(tmp_path_factory):
    """The files of a guest that made its calls and ended: plain, -p and bare memory."""
    folder = tmp_path_factory.mktemp("recorder")
    with powered_off("recorder", folder) as monitor:
        dump_of(monitor, folder / "dump")
        dump_of(monitor, folder / "paged", paging=True)
        monitor.execute("pmemsave", val=0, size=MEMORY, filename=str(folder / "memory"))
    shutil.copy(image_of("recorder"), folder / "image.elf")
    command = ["strip", "-o", folder / "stripped.elf", folder / "image.elf"]
    subprocess.run(command, check=True)
    return folder


@pytest.mark.parametrize("image", ["image.elf", "stripped.elf", None])
@pytest.mark.parametrize(
    "source", [["--core", "dump"], ["--core", "paged"], ["--memory", "memory"]], ids=str
)
def test_the_ring_in_each_kind_of_file(recorder, source, image):
    words = [source[0], recorder / source[1], *([recorder / image] if image else [])]
    done = acrn_trace("ring", *words)
    assert done.status == 0 and _CALL.findall(done.out) == CALLS, done
    assert ("ask_version" in done.out) == (image == "image.elf")
    assert done.out.count("!! ") == 2
    if source[0] == "--core":
        assert acrn_trace("ring", *words[1:]).out == done.out
    last = acrn_trace("ring", "-n", "1", "--json", *words)
    events = [json.loads(line) for line in last.out.splitlines()]
    assert [(e["vcpu"], e["name"], e["source"]) for e in events] == [
        (0, CALLS[4], "dump"),
        (1, CALLS[6], "dump"),
    ]


@pytest.mark.parametrize("image", ["image.elf", "stripped.elf"])
@pytest.mark.parametrize("dump", ["dump", "paged"])
def test_gdb_with_a_dump_reads_the_dump_and_not_the_image(recorder, dump, image):
    """The image's own header says that no call was made."""
    line = gdb_command(recorder / image, "hypercall ring", "hypercall ring -n 1")
    done = run([*line, str(recorder / dump)])
    assert _CALL.findall(done.out) == [*CALLS, CALLS[4], CALLS[6]], done
    alone = run(gdb_command(recorder / image, "hypercall ring"))
    assert "there is no guest: connect to QEMU's stub" in alone.err


def test_gdb_with_a_dump_and_no_image(recorder):
    line = gdb_command("-nx", f"core-file {recorder / 'dump'}", "hypercall ring -n 1")
    done = run(line)
    assert _CALL.findall(done.out) == [CALLS[4], CALLS[6]], done


def test_the_image_that_ran_and_others(recorder):
    core = open_core(str(recorder / "dump"))
    right = examine(core, open_image(str(recorder / "stripped.elf")))
    assert right.match.verdict == MATCH and right.memory_from == "the CR3 of vCPU 0"
    assert {level.level for level in right.levels.values()} == {"guest"}
    wrong = examine(core, open_image(str(image_of("service"))))
    assert wrong.match.verdict == DIFFERS and wrong.match.first_difference
    assert wrong.ring and wrong.memory_from == "the CR3 in the ring's header"
    done = acrn_trace("ring", "--core", recorder / "dump", image_of("service"))
    assert "the image is not the one that ran" in done.out and "service.c" not in done.out


def test_an_image_that_was_patched(recorder):
    """A byte here and there, as with breakpoints; and another build of a function."""
    image = open_image(str(recorder / "image.elf"))
    code = max(image.code(), key=lambda code: len(code.data))
    data = bytearray((recorder / "image.elf").read_bytes())
    at = data.find(code.data)
    for place in range(0, len(code.data), 400):
        data[at + place] ^= 0xFF
    (recorder / "patched.elf").write_bytes(data)
    core = open_core(str(recorder / "dump"))
    match = examine(core, open_image(str(recorder / "patched.elf"))).match
    assert (match.verdict, match.first_difference) == (PATCHED, code.address)
    assert match.differing == len(range(0, len(code.data), 400))
    data[at + 1024 : at + 2048] = bytes(value ^ 0x55 for value in data[at + 1024 : at + 2048])
    (recorder / "other.elf").write_bytes(data)
    assert examine(core, open_image(str(recorder / "other.elf"))).match.verdict == DIFFERS


@pytest.mark.parametrize("example, function", [("smp", "make_call"), ("service", "start_user_vm")])
def test_each_vcpu_is_in_the_guest_or_in_the_hypervisor(folder, example, function):
    """CR3 says which it is, and nothing that decides here knows its value."""
    places = [
        symbol(HYPERVISOR, "handle_hypercall"),
        symbol(image_of(example), function),
    ]
    assert {
        level for path in dumps_at(places, example, folder) for level in levels_in(path, example)
    } == BOTH


def dumps_at(places, example, folder):
    """Dumps of the guest, every other one with -p, as its vCPUs come to ``places``."""
    commands = [f"hbreak *{place:#x}" for place in places]
    paths = [folder / f"dump{number}" for number in range(6)]
    for number, path in enumerate(paths):
        paging = "-p " if number % 2 else ""
        commands += ["continue", f"monitor dump-guest-memory {paging}{path}"]
    with Guest(folder, arguments_of(example)) as guest:
        done = gdb_at(guest, image_of(example), *commands, "kill")
    assert all(path.exists() for path in paths), done
    return paths


def levels_in(path, example):
    """Where the dump's vCPUs are, which must be where CR3 says; the guest has been loaded."""
    core = open_core(str(path))
    with contextlib.closing(core.physical):
        found = examine(core, open_image(str(image_of(example))))
    assert found.match.verdict == MATCH
    told = {vcpu.vcpu: found.levels[vcpu.vcpu].level for vcpu in core.vcpus}
    by_cr3 = {GUEST_CR3: "guest", HYPERVISOR_CR3: "hypervisor"}
    assert told == {v.vcpu: by_cr3.get(v.registers["cr3"], "firmware") for v in core.vcpus}
    return set(told.values())


def test_a_guest_that_hangs_in_the_hypervisor_through_the_stub(folder):
    """GDB cannot read the guest's addresses there; page tables in physical memory can."""
    with dead("structure-overwritten", "crash", folder) as guest:
        stripped = folder / "stripped.elf"
        subprocess.run(["strip", "-o", stripped, image_of("crash")], check=True)
        for image in (image_of("crash"), stripped, "-nx"):
            connect = f"target remote {guest.socket}"
            done = run(gdb_command(image, connect, "hypercall ring -n 1", "detach"))
            assert _CALL.findall(done.out) == ["create_vm"], done
            assert 'name="crash-vm"' in done.out
            assert '    now: vm={name="ZZZZZZZZZZZZZZZZ", cpu_affinity=0x0}\n' in done.out


def test_the_vcpu_to_look_at_first(folder):
    for second in (False, True):
        place = folder / str(second)
        place.mkdir()
        with dead("call-hangs", "crash", place, second=second) as guest:
            core = open_core(str(guest.dump(place / "dump", paging=False)))
            memory = open_memory(str(guest.memory(place / "memory")))
        found = examine(core, open_image(str(image_of("crash"))))
        assert (found.vcpu, found.levels[int(second)].level) == (int(second), "hypervisor")
        assert "call in flight" in found.vcpu_why
        without = examine(memory, None)
        assert without.vcpu is None and without.ring and without.levels == {}


def test_a_diagnosis_has_a_word_of_its_own(recorder):
    dump, image = recorder / "dump", recorder / "image.elf"
    page = acrn_trace("--core", dump, image)
    assert page.status == 0 and "From a dump of QEMU's" in page.out
    for words in ([dump, image], [dump, "--offset", "0", image], ["--core", dump, image]):
        assert acrn_trace("diagnose", *words).out == page.out
    memory = ["--memory", recorder / "memory", image]
    assert acrn_trace("diagnose", *memory).out == acrn_trace(*memory).out


def test_words_that_cannot_be_done(recorder):
    dump, memory = recorder / "dump", recorder / "memory"
    for words, said in (
        (["diagnose"], "no dump is named; give DUMP, then IMAGE"),
        (["diagnose", recorder / "image.elf"], "an ELF file but no dump; name the dump, then"),
        (["diagnose", "--memory", memory, recorder / "image.elf", "x"], "x is one file too many"),
        (["--core", memory], "use --memory"),
        (["--memory", dump], "use --core"),
        (["--core", recorder / "none"], "cannot read the dump"),
        (["--core", dump, "--memory", memory], "not allowed with"),
        (["--core", dump, recorder / "dump"], "a dump; give the image that ran"),
        (["--memory", memory, "--base", "here"], "--base takes a number"),
        (["--memory", memory, "--base", "0x100000"], ""),
        (["ring"], "no dump is named; give DUMP, then IMAGE"),
        (["ring", "-n", "0", "--core", dump], "not a number of calls"),
    ):
        done = acrn_trace(*words)
        assert said in done.err and "Traceback" not in done.err, done
        assert (done.status, done.err.count("\n")) == ((2, 1) if said else (0, 0)), done


def test_a_dump_makes_no_calls(recorder):
    image, dump = recorder / "image.elf", recorder / "dump"
    command = gdb_command(image, "hypercall trace", "hypercall call get_api_version", "info files")
    gdb = run([*command, dump])
    assert "a dump makes no calls; 'hypercall diagnose' tells what it shows." in gdb.err
    assert "no guest runs here to call; connect with 'target remote' first." in gdb.err
