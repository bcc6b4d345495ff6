# SPDX-License-Identifier: BSD-3-Clause
"""The model against ACRN's recorded answers, the replay against recordings that are wrong."""

import json
import random
import re
import subprocess
from pathlib import Path
from typing import Any, Callable

import pytest

from helpers.builds import COMPILERS
from helpers.guests import make
from helpers.process import SECONDS
from helpers.tree import ROOT

HERE = Path(__file__).resolve().parent
RECORDED = HERE / "acrn-conformance.jsonl"
TESTS = sorted(path.stem.replace("_", "-") for path in HERE.glob("test_*.c"))
LIBRARY = {"memcpy", "memset", "memmove", "memcmp"}
KERNEL = ["-ffreestanding", "-fno-pic", "-mcmodel=kernel", "-mno-red-zone", "-mno-sse"]
SHARED = ["-ffreestanding", "-fPIC"]


def built(target: str) -> Path:
    make(f"build/{target}")
    return ROOT / "build" / target


@pytest.fixture(scope="module")
def checked() -> Path:
    return built("acrn-conformance-checked")


def run(program: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program, *arguments], capture_output=True, text=True, errors="replace", timeout=SECONDS
    )


def recorded_cases() -> list[dict[str, Any]]:
    return [json.loads(line) for line in RECORDED.read_text().splitlines()]


def test_the_model_answers_as_acrn() -> None:
    done = run(built("acrn-conformance"), RECORDED)
    assert done.returncode == 0, done.stdout + done.stderr
    fake = sum(step.get("fake", False) for case in recorded_cases() for step in case["steps"])
    steps = sum(len(case["steps"]) for case in recorded_cases())
    assert done.stdout == f"91 cases, {steps} steps, 0 differ, {fake} skipped\n"


@pytest.mark.parametrize("test", TESTS)
def test_the_model_beyond_the_recording(test: str) -> None:
    done = run(built(test))
    assert done.returncode == 0, done.stdout + done.stderr


def first(cases: list[dict[str, Any]], wanted: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    return next(step for case in cases for step in case["steps"] if wanted(step))


def other_rax(cases: list[dict[str, Any]]) -> None:
    first(cases, lambda step: step.get("ret") == -22).update(rax="0x0", ret=0)


def other_exception(cases: list[dict[str, Any]]) -> None:
    first(cases, lambda step: step.get("exception") == "#GP")["exception"] = "#UD"


def exception_for_return(cases: list[dict[str, Any]]) -> None:
    step = first(cases, lambda step: step.get("ret") == 0)
    step.update(rax=None, exception="#GP")
    del step["ret"]


def other_byte(cases: list[dict[str, Any]]) -> None:
    change = first(cases, lambda step: step["changed"])["changed"][0]
    change[1] = "fe" + change[1][2:]


def missing_change(cases: list[dict[str, Any]]) -> None:
    first(cases, lambda step: step["changed"])["changed"] = []


def additional_change(cases: list[dict[str, Any]]) -> None:
    first(cases, lambda step: not step["changed"])["changed"] = [["0x20000000", "01"]]


def other_state(cases: list[dict[str, Any]]) -> None:
    first(cases, lambda step: "vm_state" in step)["vm_state"]["1"] = [0, 2]


def missing_state(cases: list[dict[str, Any]]) -> None:
    del first(cases, lambda step: "vm_state" in step)["vm_state"]


TWINS = {
    other_rax: r"rax: expected 0x0 \(0\), got 0xffffffffffffffea \(-22\)",
    other_exception: "outcome: expected #UD, got #GP",
    exception_for_return: "outcome: expected #GP, got a return",
    other_byte: r"memory at 0x[0-9a-f]+: expected fe, got 01",
    missing_change: r"memory at 0x[0-9a-f]+: expected no change, got 01",
    additional_change: "memory at 0x20000000: expected 01, got 00",
    other_state: "state of VM 1: expected 0 to 2, got 0 to 1",
    missing_state: "state of VM 1: expected 0 to 0, got 0 to 1",
}


@pytest.mark.parametrize("change", TWINS, ids=lambda change: change.__name__)
def test_a_wrong_expectation_is_reported(change: Any, checked: Path, tmp_path: Path) -> None:
    cases = recorded_cases()
    change(cases)
    twin = tmp_path / "twin.jsonl"
    twin.write_text("".join(json.dumps(case) + "\n" for case in cases))
    done = run(checked, twin)
    *differences, tally = done.stdout.splitlines()
    assert done.returncode == 1, done.stderr
    assert differences and re.search(r"\w+ step \d+ \w+: " + TWINS[change], differences[0])
    assert re.fullmatch(r"91 cases, 326 steps, 1 differ, 22 skipped", tally)


def test_a_fake_step_is_made_but_not_compared(checked: Path, tmp_path: Path) -> None:
    case = next(case for case in recorded_cases() if case["case"] == "assign_ok_deassign")
    case["steps"][1].update(rax="0x5", ret=5)
    twin = tmp_path / "twin.jsonl"
    twin.write_text(json.dumps(case))
    assert run(checked, twin).stdout == "1 cases, 5 steps, 0 differ, 2 skipped\n"


STEP = {
    "vm": 0,
    "cpl": 0,
    "nr": "0x80000000",
    "name": "get_api_version",
    "rdi": "0x2000d000",
    "rsi": "0x0",
    "write": [],
    "rax": "0x0",
    "ret": 0,
    "changed": [["0x2000d000", "01"]],
}

BAD_STEPS = {
    "vm": ({"vm": 16}, '"vm" must be an integer from 0 to 15'),
    "vm text": ({"vm": "0"}, '"vm" must be an integer from 0 to 15'),
    "cpl": ({"cpl": 4}, '"cpl" must be an integer from 0 to 3'),
    "nr": ({"nr": 5}, '"nr" must be a string "0x..." of up to 16 hexadecimal digits'),
    "nr long": ({"nr": "0x" + "1" * 17}, '"nr" must be a string'),
    "rdi sign": ({"rdi": "0x-1"}, '"rdi" must be a string'),
    "name": ({"name": 5}, '"name" must be a string or null'),
    "write": ({"write": None}, '"write" must be a list'),
    "write pair": ({"write": [["0x0"]]}, '"write" must hold pairs'),
    "write odd": ({"write": [["0x0", "123"]]}, '"write" must hold pairs'),
    "write hex": ({"write": [["0x0", "1g"]]}, '"write" holds bytes that are not hexadecimal'),
    "write end": ({"write": [["0x" + "f" * 16, "1122"]]}, '"write" must hold pairs'),
    "changed twice": ({"changed": [["0x0", "11"], ["0x0", "11"]]}, '"changed" holds the byte'),
    "pre": ({"pre": ["flags 16 0x0"]}, '"pre" must hold settings'),
    "pre many": ({"pre": ["flags 1 0x0"] * 17}, '"pre" must be a list of at most 16'),
    "rax": ({"rax": None}, 'either "rax" or an "exception" #UD or #GP is needed'),
    "both": ({"exception": "#GP"}, 'either "rax" or an "exception" #UD or #GP is needed'),
    "exception": ({"rax": None, "exception": "#PF"}, 'either "rax" or an "exception"'),
    "ret": ({"ret": -1}, '"ret" is not "rax"'),
    "state": ({"vm_state": {"1": [0, 5]}}, '"vm_state" must map VM ids to pairs of states'),
    "state vm": ({"vm_state": {"16": [0, 1]}}, '"vm_state" must map VM ids'),
    "state list": ({"vm_state": [0, 1]}, '"vm_state" must be an object'),
}

BAD_LINES = {
    "not JSON": ("{", "this is not JSON at column"),
    "a number": ("5", "this is not JSON at column"),
    "a list": ("[]", 'the line must be an object with a string "case"'),
    "no case": ('{"steps": []}', 'the line must be an object with a string "case"'),
    "no steps": ('{"case": "x"}', '"steps" must be a list'),
    "a step": ('{"case": "x", "steps": [1]}', "step 1: a step must be an object"),
    "twice": ('{"case": "x", "case": "y", "steps": []}', "this is not JSON at column"),
    "deep": ("[" * 100000, "this is not JSON at column"),
    "NUL": ('{"case": "x\0", "steps": []}', "this is not JSON at column"),
    **{
        name: (
            json.dumps({"case": "x", "steps": [STEP, {**STEP, **change}]}),
            "step 2: " + sentence,
        )
        for name, (change, sentence) in BAD_STEPS.items()
    },
}


@pytest.mark.parametrize("name", BAD_LINES)
def test_a_bad_line_is_named(name: str, checked: Path, tmp_path: Path) -> None:
    line, sentence = BAD_LINES[name]
    bad = tmp_path / "bad.jsonl"
    bad.write_text(json.dumps({"case": "good", "steps": [STEP]}) + "\n\n" + line + "\n")
    done = run(checked, bad)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"acrn-conformance: {bad}:3: {sentence}")
    assert done.stderr.count("\n") == 1


def test_bad_use(checked: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_text("\n")
    for arguments, sentence in (
        ([], "usage: acrn-conformance FILE"),
        (["a", "b"], "usage: acrn-conformance FILE"),
        ([tmp_path / "none"], "acrn-conformance: cannot open"),
        ([tmp_path], "acrn-conformance: cannot read"),
        ([empty], f"acrn-conformance: {empty} holds no case."),
    ):
        done = run(checked, *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(sentence)
        assert done.stderr.count("\n") == 1


def test_what_a_recording_is_called_stays_on_its_line(checked: Path, tmp_path: Path) -> None:
    step = {**STEP, "name": "a\nb", "rax": "0x1", "ret": 1}
    file = tmp_path / "hostile.jsonl"
    file.write_text(json.dumps({"case": "\x1b[31m\n", "steps": [step]}))
    lines = run(checked, file).stdout.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(r"\x1b[31m\x0a step 1 a\x0ab: rax: expected 0x1")


def damage(line: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(line))
    end = min(len(line), at + dice.randrange(1, 20))
    some = bytes(
        dice.choice(b'0123456789abcdef"{}[],:x\x00\xff-') for _ in range(dice.randrange(4))
    )
    return line[:at] + some + line[end:]


def test_damaged_recordings_do_no_harm(checked: Path, tmp_path: Path) -> None:
    dice = random.Random(2)
    lines = RECORDED.read_bytes().splitlines()
    file = tmp_path / "damaged.jsonl"
    for _ in range(150):
        file.write_bytes(damage(dice.choice(lines), dice))
        done = run(checked, file)
        assert done.returncode in (0, 1, 2), done.stderr
        assert done.returncode != 2 or done.stderr.startswith("acrn-conformance: ")
        assert done.stderr.count("\n") <= 1


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("flags", [KERNEL, SHARED], ids=["kernel", "shared"])
def test_the_model_needs_no_library(compiler: str, flags: list[str], tmp_path: Path) -> None:
    include = [f"-I{ROOT / 'cstub' / folder}" for folder in ("include", "model")]
    warnings = ["-std=gnu11", "-Wall", "-Wextra", "-Werror"]
    sources = sorted((ROOT / "cstub/model").glob("*.c"))
    for level in ("-O0", "-O2"):
        subprocess.run(
            [compiler, *warnings, level, *flags, *include, "-c", *sources],
            cwd=tmp_path,
            check=True,
            timeout=SECONDS,
        )
        together = tmp_path / "whole.o"
        subprocess.run(
            ["ld", "-r", "-o", together, *(tmp_path / (source.stem + ".o") for source in sources)],
            check=True,
            timeout=SECONDS,
        )
        undefined = subprocess.run(
            ["nm", "-u", together], capture_output=True, text=True, check=True, timeout=SECONDS
        )
        names = {line.split()[-1] for line in undefined.stdout.splitlines()}
        assert names - {"_GLOBAL_OFFSET_TABLE_"} <= LIBRARY
