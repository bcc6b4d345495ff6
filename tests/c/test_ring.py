# SPDX-License-Identifier: BSD-3-Clause
"""The ring and the checked trampoline: the protocol on the host, the whole in a guest.

What every change should pass; all compilers, levels and schedules with ACRN_CHECK_LONG=1.
"""

from __future__ import annotations

import itertools
import re
import subprocess
from pathlib import Path

import pytest

from helpers.builds import COMPILERS, LEVELS, LIMIT, LONG, STRICT, run
from helpers.guests import QEMU, Guest, common_arguments
from helpers.process import run as run_process
from helpers.ring_builds import build_guest, config, offsets, recorder
from helpers.tree import IN_GDB, ROOT

HERE = Path(__file__).parent
GUEST = HERE / "ring_guest"
INCLUDES = [f"-I{p}" for p in (ROOT / "cstub/include", ROOT / "cstub/src", HERE)]

FRAMES = [
    f"{frame} {zone}"
    for frame in ("-fomit-frame-pointer", "-fno-omit-frame-pointer")
    for zone in ("-mred-zone", "-mno-red-zone")
]
MATRIX = list(itertools.product(COMPILERS, LEVELS, FRAMES))
OTHER = [
    ("gcc", "-O2", "-masm=intel"),
    ("clang", "-O2", "-masm=intel"),
    ("gcc", "-Os", "-fPIE -pie"),
]
SOME = [*MATRIX[::7], *OTHER]


def build_program(folder: Path, sources: list[Path], *flags: str, compiler: str = "gcc") -> Path:
    program = folder / "program"
    own = [f"-I{folder}", *INCLUDES, config("ring_config.h")]
    run([compiler, *STRICT, "-g", *own, *flags, *sources, "-o", program])
    return program


def run_program(*command: object) -> str:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# The protocol.


@pytest.mark.parametrize("rings, records", [(1, 4), (2, 16), (4, 1024)])
def test_threads(rings: int, records: int, tmp_path: Path) -> None:
    flags = ["-O1", "-fsanitize=thread", f"-DACRN_RINGS={rings}", f"-DACRN_RING_RECORDS={records}"]
    sources = [HERE / "ring_threads.c", *recorder(False)]
    program = build_program(tmp_path, sources, "-DACRN_RING", "-pthread", *flags)
    assert "torn 0" in run_program(program)


# Calls of each writer, or the reader, then how often a run may switch; -1: all interleavings.
QUICK_SCHEDULES = ["1 1 -1", "1 1 reader 3", "1 1 1 3", "2 2 3", "3 1 reader 2"]
LONG_SCHEDULES = [
    "1 1 reader 4",
    "2 1 5",
    "2 reader 6",
    "2 2 reader 4",
    "1 1 1 reader 4",
    "2 1 1 5",
]


@pytest.mark.parametrize("records", [1, 2])
@pytest.mark.parametrize("steps", ["-DFEW_STEPS", "-DALL_STEPS"])
def test_interleavings(records: int, steps: str, tmp_path: Path) -> None:
    sizes = [f"-DACRN_RING_RECORDS={records}", f"-DACRN_RING_MARK={records}"]
    sources = [HERE / "ring_interleavings.c"]
    program = build_program(tmp_path, sources, "-O1", "-DACRN_RING", steps, *sizes)
    few = steps == "-DFEW_STEPS"
    for tasks in QUICK_SCHEDULES + (LONG_SCHEDULES if LONG and few else []):
        if not few:  # too many to have all
            tasks = tasks.rsplit(" ", 1)[0] + " 2"
        lapped = re.search(r"schedules, (\d+) lapped", run_program(program, *tasks.split()))
        assert lapped, tasks
    assert records > 1 or int(lapped[1]) > 0


# The trampoline.


@pytest.mark.parametrize("compiler, level, frame", MATRIX + OTHER if LONG else SOME)
def test_every_register_leaves_as_vmcall_left_it(
    compiler: str, level: str, frame: str, tmp_path: Path
) -> None:
    offsets(tmp_path, compiler)
    flags = [level, *frame.split(), "-DACRN_TRAMPOLINE"]
    objects = []
    for source in recorder(True):
        objects.append(tmp_path / f"{source.name}.o")
        own = [
            *STRICT,
            "-g",
            f"-I{tmp_path}",
            *INCLUDES,
            config("ring_config.h"),
            "-mgeneral-regs-only",
        ]
        run([compiler, *own, level, "-DACRN_TRAMPOLINE", "-c", source, "-o", objects[-1]])
    program = build_program(tmp_path, [HERE / "trampoline.c", *objects], *flags, compiler=compiler)
    assert run_program(program) == ""


@pytest.mark.parametrize("compiler, level, frame", MATRIX if LONG else MATRIX[::9])
def test_a_debugger_unwinds_from_every_instruction(
    compiler: str, level: str, frame: str, tmp_path: Path
) -> None:
    offsets(tmp_path, compiler)
    flags = [level, *frame.split(), "-DACRN_TRAMPOLINE", "-mgeneral-regs-only"]
    sources = [HERE / "unwind.c", *recorder(True)]
    program = build_program(tmp_path, sources, *flags, compiler=compiler)
    gdb = ["gdb", "-nx", "-nh", "-q", "-batch", "-x", IN_GDB / "unwind_steps.py", program]
    done = run_process(gdb, LIMIT)
    result = re.search(r"RESULT \d+ wrong \[\] (.*)", done.out)
    assert result, done.out[-2000:] + done.err
    assert "acrn_trampoline_return_" in result[1] and "acrn_trampoline_end_" in result[1]


@pytest.mark.parametrize("kind", ["-DACRN_RING", "-DACRN_TRAMPOLINE"])
@pytest.mark.parametrize("compiler, level", itertools.product(COMPILERS, ["-O0", "-O2"]))
@pytest.mark.parametrize("room", [40, 128])
def test_structures_are_kept_without_their_secrets(
    kind: str, compiler: str, level: str, room: int, tmp_path: Path
) -> None:
    offsets(tmp_path, compiler)
    sources = [HERE / "capture.c", *recorder(kind == "-DACRN_TRAMPOLINE")]
    flags = [level, kind, f"-DACRN_RING_CAPTURE={room}", "-mgeneral-regs-only"]
    assert run_program(build_program(tmp_path, sources, *flags, compiler=compiler)) == ""


@pytest.mark.parametrize("compiler", COMPILERS)
def test_c_cannot_call_the_trampoline(compiler: str, tmp_path: Path) -> None:
    source = tmp_path / "call.c"
    source.write_text('#include "acrn_hypercall.h"\nvoid f(void) { acrn_trampoline_return_(); }\n')
    command = [compiler, *INCLUDES, "-DACRN_TRAMPOLINE", config("ring_config.h"), "-c", source]
    done = run_process([*command, "-o", tmp_path / "call.o"])
    assert done.status != 0 and "not a function" in done.err


@pytest.mark.parametrize("choice, symbols", [("", False), ("-DACRN_RING", True)])
def test_unused_it_leaves_nothing(choice: str, symbols: bool, tmp_path: Path) -> None:
    source = tmp_path / "call.c"
    source.write_text('#include "acrn_calls.h"\nlong f(void) { return acrn_hypercall0(1); }\n')
    flags = ["-O2", *INCLUDES, config("ring_config.h"), *filter(None, [choice])]
    run(["gcc", *flags, "-c", source, "-o", tmp_path / "call.o"])
    assert ("acrn_ring" in run_program("nm", tmp_path / "call.o")) == symbols


# A guest.


def guest(folder: Path, *defines: str) -> Path:
    return build_guest(folder, [GUEST / "calls.c"], GUEST, *defines)


SHAPES = {
    "two rings": ["-DACRN_RINGS=2", "-DACRN_RING_RECORDS=524288"],
    "one ring": ["-DACRN_RINGS=1", "-DACRN_RING_RECORDS=1048576"],
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_million_calls(shape: str, tmp_path: Path) -> None:
    image = guest(tmp_path, "-DCALLS=500000", *SHAPES[shape])
    arguments = [*common_arguments(), "-m", "512M", "-smp", "2", "-kernel", image]
    done = run_process([QEMU, *arguments], LIMIT)
    assert done.out.strip() == "1000000 calls in the rings, nested: yes, lost: 0"
    assert done.status == 0


def test_a_hundred_thousand_calls_through_the_trampoline(tmp_path: Path) -> None:
    sizes = ["-DACRN_RINGS=2", "-DACRN_RING_RECORDS=65536"]
    image = guest(tmp_path, "-DCALLS=50000", "-DACRN_TRAMPOLINE", *sizes)
    arguments = [*common_arguments(), "-m", "512M", "-smp", "2", "-kernel", image]
    done = run_process([QEMU, *arguments], LIMIT)
    assert done.out.strip() == "100000 calls in the rings, nested: yes, lost: 0"


@pytest.mark.parametrize("recorder_kind", ["-DACRN_RING", "-DACRN_TRAMPOLINE"])
@pytest.mark.parametrize("rings", [1, 2])
def test_stopped_at_any_instruction(recorder_kind: str, rings: int, folder: Path) -> None:
    sizes = [f"-DACRN_RINGS={rings}", "-DACRN_RING_RECORDS=16"]
    image = guest(folder, "-DCALLS=100000", recorder_kind, *sizes)
    run(["objcopy", "-g", image])  # GDB 13 fails in the trap entries' frame information
    steps = 15000 if LONG else 1200
    with Guest(folder, [*common_arguments(), "-smp", "2", "-kernel", image]) as qemu:
        command = ["gdb", "-nx", "-nh", "-q", "-batch", "-ex", "set confirm off", "-ex"]
        command += [f"target remote {qemu.socket}", "-x", IN_GDB / "ring_steps.py", image]
        done = run_process(command, LIMIT, environment={"RING_STEPS": str(steps)})
    result = re.search(r"RESULT interrupts (\d+) deepest (\d+)((?: \d:\d+)+)", done.out)
    assert result, done.out[-500:] + done.err
    assert int(result[1]) > 0 and all(int(n) for n in re.findall(r":(\d+)", result[3]))
    path = re.search(r"PATH (\d+) MISSED \[\]", done.out)
    assert path and int(path[1]) > 20, done.out[-500:]
