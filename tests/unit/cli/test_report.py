# SPDX-License-Identifier: BSD-3-Clause
"""report and convert as commands: forms, filters, exit statuses, files that are damaged."""

import io
import json
import re
import subprocess
from pathlib import Path

import acrn_trace
import pytest

from acrn_trace.act.mock import replay
from acrn_trace.base.progress import EVERY, Progress
from acrn_trace.cli.launcher import main
from acrn_trace.guest.stop import Frame, Task
from acrn_trace.sinks.stamps import Stamps
from acrn_trace.trace import both_sides
from acrn_trace.trace.event import NO_VM, REFUSED, STALE, Finding
from acrn_trace.trace.finding_kinds import FINDING_KINDS
from helpers.make.blocks import HEAD, end_block, records_block, wide
from helpers.make.event import event, jsonl
from helpers.process import SECONDS
from helpers.tree import LAUNCHER, ROOT

SOME = [
    event(0, 0, 1000.0, 0.5, decoded={"vmid": 7}),
    event(1, 1, 1001.0, 0.5, rax=-22, stack=(Frame("boot", "b.c", 3),)),
    event(2, 0, 1002.5, 0.25, findings=[Finding("enotty", "odd")], task=Task("a b", 7, 6)),
]


@pytest.fixture
def trace(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text(jsonl(SOME))
    return str(path)


@pytest.fixture
def run(capsys):
    def run(*arguments):
        status = main([str(argument) for argument in arguments])
        return status, *capsys.readouterr()

    return run


def first_words(text):
    return [line.split()[1] for line in text.splitlines() if line.startswith("[")]


def test_a_file_is_shown_as_text(run, trace):
    status, out, err = run("report", trace)
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        "--- times are the host's, in seconds from the first call; a call's includes what the "
        "debugger's stops took ---",
        "[0] 0.000000 start_vm(vmid=7) = 0 <0.500000> at service.c:42 start",
        "[1] 1.000000 start_vm(vmid=1) = -22 EINVAL (Invalid argument) <0.500000> at service.c:42 "
        "start",
        "[0] 2.500000 start_vm(vmid=1) = 0 <0.250000> at service.c:42 start by a b[7]",
        "!! odd",
    ]


def test_stacks_are_shown_when_asked_for(run, trace):
    assert " > boot (b.c:3)" in run("report", "-k", trace)[1].splitlines()
    assert " > boot (b.c:3)" in run("convert", "--to", "text", trace)[1].splitlines()


def test_what_no_call_was_made_at_is_said(run, trace):
    remark = "acrn-trace: -e site=strat: no call was made in strat\n"
    for form in ([], ["-c"], ["-k"], ["-f", "jsonl"]):
        status, _, err = run("report", "-e", "site=strat,start", *form, trace)
        assert (status, err) == (0, remark.replace("strat:", "strat,start:")), form
    assert run("report", "-q", "-e", "site=strat", trace)[2] == ""
    assert run("diff", "-e", "site=strat", trace, trace)[2] == remark


def test_the_forms_of_time(run, trace, monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    assert first_words(run("report", "-r", trace)[1]) == ["0.000000", "1.000000", "1.500000"]
    assert first_words(run("report", "-ttt", trace)[1])[2] == "1002.500000"
    assert re.fullmatch(r"\d\d:16:42", first_words(run("report", "-t", trace)[1])[2])
    assert re.fullmatch(r"\d\d:16:42\.500000", first_words(run("report", "-tt", trace)[1])[2])
    assert run("report", "-T", trace)[1] == run("report", trace)[1]
    assert run("report", "-t", "-r", trace)[0] == 2


def test_the_time_of_day_is_only_the_hosts():
    stamps = Stamps("clock")
    assert "time-stamp counter" in stamps.label("tsc")
    assert stamps.stamp(3.5) == "0.000000"


def test_filters_and_summary_work_on_files(run, trace):
    assert first_words(run("report", "-q", "-e", "status=failed", trace)[1]) == ["0.000000"]
    assert "vmid=7" in run("report", "-e", "vcpu=0", trace)[1]
    assert re.search(r" 2 +250000 .* start_vm", run("report", "-c", "-e", "vcpu=0", trace)[1])
    out = run("report", "-C", trace)[1]
    assert out.startswith("--- times") and " total " in out
    assert run("report", "-c", "-S", "name", trace)[0] == 0
    assert run("report", "-C", "-f", "jsonl", trace)[0] == 2


def test_several_files_one_after_the_other(run, trace):
    out = run("report", trace, trace)[1].splitlines()
    assert sum(line.startswith("[") for line in out) == 6
    assert [line for line in out if line.startswith("+++")] == [f"+++ {trace} +++"] * 2


@pytest.mark.parametrize("order", ["rjr", "jrj", "rr", "jrrj"])
def test_recordings_and_other_files_are_one_trace(run, tmp_path, order):
    """C shows the recordings, sinks the rest: each goes on from what the other has come to."""
    files = {"r": tmp_path / "recording", "j": tmp_path / "jsonl"}
    calls = [wide(number, entry=10**9 + number * 10**7) for number in range(3)]
    files["r"].write_bytes(HEAD + records_block(b"".join(calls)) + end_block(3))
    files["j"].write_text(run("report", "-f", "jsonl", files["r"])[1])
    shown = run("report", files["r"])[1].splitlines()
    given = [files[letter] for letter in order]
    lines = run("report", *given)[1].splitlines()
    assert [line for line in lines if line.startswith("+++")] == [f"+++ {f} +++" for f in given]
    assert [line for line in lines if not line.startswith("+++")] == shown[:1] + shown[1:] * len(
        given
    )
    total = run("report", "-c", *given)[1].splitlines()[-2].split()
    assert total[3] == str(3 * len(given))


@pytest.mark.parametrize("through", ["jsonl", "chrome"])
def test_convert_there_and_back_loses_nothing(run, trace, tmp_path, through):
    there, back = tmp_path / "there", tmp_path / "back"
    assert run("convert", "--to", through, "-o", there, trace) == (0, "", "")
    assert run("convert", "--to", "jsonl", "-o", back, there) == (0, "", "")
    assert back.read_text() == Path(trace).read_text()
    assert run("report", there) == run("report", trace)


def test_what_came_before_the_damage_is_written(run, trace, tmp_path):
    whole = Path(trace).read_text()
    Path(trace).write_text(whole + whole[:50])
    other = tmp_path / "other"
    other.write_text(jsonl(SOME))
    status, out, err = run("report", "-f", "jsonl", trace, other)
    assert status == 2 and out == 2 * whole
    assert err.count("\n") == 1 and f"in line 4 at byte {len(whole)}" in err
    out_file = tmp_path / "out"
    assert run("convert", "--to", "chrome", "-o", out_file, trace)[0] == 2
    assert out_file.read_text().endswith("]\n")


def test_a_finding_can_be_asked_to_fail(run, trace):
    assert run("report", "--fail-on", "enotty", trace)[0] == 1
    assert run("report", "--fail-on", "any", trace)[0] == 1
    assert run("report", "--fail-on", "clobber", trace)[0] == 0
    assert run("report", "--fail-on", "any", "-e", "status=failed", trace)[0] == 0


def test_a_call_can_be_asked_to_fail_that_failed_or_did_not_return(run, tmp_path):
    trace = tmp_path / "t.jsonl"
    trace.write_text(jsonl(SOME + [event(3, 0, 1003.0, None)]))
    for kind in ("failed", "unfinished"):
        assert run("report", "--fail-on", kind, trace)[0] == 1
        assert run("report", "--fail-on", kind, "-e", f"status=!{kind}", trace)[0] == 0
    assert run("report", "--fail-on", "any", "-e", "finding=!enotty", trace)[0] == 0


def test_calls_are_shown_by_what_was_found_of_them(run, trace):
    for expression, shown in (("finding=enotty", [2]), ("finding=!any", [0, 1])):
        out = run("report", "-f", "jsonl", "-e", expression, trace)[1]
        assert [json.loads(line)["seq"] for line in out.splitlines()] == shown


def test_wrong_use_is_one_sentence_and_status_2(run, trace, tmp_path):
    before = Path(trace).read_text()
    for words in (
        ["report"],
        ["report", tmp_path / "none"],
        ["report", tmp_path],
        ["report", LAUNCHER],
        ["report", "-e", "trace=nothing", trace],
        ["report", "-o", tmp_path / "no" / "folder", trace],
        ["report", "-o", trace, trace],
        ["convert", trace],
        ["convert", "--to", "pdf", trace],
    ):
        status, out, err = run(*words)
        assert (status, out) == (2, "") and err.startswith("acrn-trace: "), words
        assert err.count("\n") == 1
    assert Path(trace).read_text() == before


def test_nothing_is_written_when_the_input_is_wrong(run, tmp_path):
    out = tmp_path / "out"
    out.write_text("precious")
    assert run("convert", "--to", "text", "-o", out, tmp_path / "none")[0] == 2
    assert out.read_text() == "precious"


def test_a_reader_that_has_enough_is_no_failure(tmp_path):
    long = tmp_path / "long"
    long.write_text(jsonl(SOME) * 2000)
    line = f"{LAUNCHER} report -f jsonl {long} | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, timeout=SECONDS, check=True
    )
    assert done.stderr == "" and done.stdout.splitlines()[1] == "0"


def test_standard_input_is_a_file_too(trace):
    with open(trace, encoding="utf-8") as file:
        done = subprocess.run(
            [LAUNCHER, "report", "-f", "jsonl", "-"],
            stdin=file,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=True,
        )
    assert done.stdout == Path(trace).read_text()


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_is_for_terminals_only(monkeypatch):
    monkeypatch.setattr("acrn_trace.base.progress.INTERVAL", 0)
    for stream, shown, seen in [
        (Terminal(), True, True),
        (Terminal(), False, False),
        (io.StringIO(), True, False),
    ]:
        progress = Progress(shown, stream)
        assert sum(1 for _ in progress.watch(range(3 * EVERY))) == 3 * EVERY
        progress.close()
        assert bool(stream.getvalue()) == seen
        if seen:
            assert re.search(r"8,192 calls, [\d,]+ a second", stream.getvalue())
            assert stream.getvalue().endswith("\r\x1b[K")


def test_an_empty_file_is_told_of(run, trace, tmp_path):
    empty = tmp_path / "empty"
    empty.touch()
    told = f"acrn-trace: {empty} is empty: it has no calls\n"
    assert run("report", empty) == (0, "", told)
    assert run("report", "-q", empty) == (0, "", "")
    assert run("report", "-q", trace, empty) == run("report", "-q", trace)
    assert run("report", trace, empty)[2] == told


def test_what_no_finding_is_cannot_be_asked_to_fail(run, trace):
    status, _, err = run("report", "--fail-on", "clober", trace)
    assert status == 2 and err.count("\n") == 1 and "acrn-trace: report: argument --fail-on" in err


def test_the_kinds_of_findings_are_all_that_the_code_makes_and_all_documented():
    here = Path(acrn_trace.__file__).parent
    code = "".join(path.read_text() for path in here.rglob("*.py"))
    made = set(re.findall(r'Finding\(\s*"([a-z-]+)"', code)) | {both_sides.DIFFERS, replay.KIND}
    made |= {NO_VM, REFUSED, STALE}
    for path in (ROOT / "cstub" / "decode").glob("*.c"):
        calls = r'(?:keep_finding|find_by_rule)\([^;"]*"([a-z-]+)"'
        made |= set(re.findall(calls, path.read_text()))
    reader = (ROOT / "cstub" / "reader" / "trace_losses.c").read_text()
    made |= set(re.findall(r'[A-Z]\[\] = "([a-z-]+)"', reader))
    assert made == set(FINDING_KINDS)
    text = (here.parents[1] / "docs" / "formats.md").read_text()
    table = text.partition("### Kinds of findings")[2].partition("###")[0]
    documented = re.findall(r"`([a-z-]+)`", re.sub(r"(?m)\|[^|]*\|$", "", table))
    assert sorted(set(documented) - {"any", "--fail-on"}) == sorted(FINDING_KINDS)


def test_a_complaint_about_the_options_names_the_program_once(run):
    status, _, err = run("report")
    assert status == 2 and err.count("acrn-trace:") == 1
    assert err.endswith("required: FILE; 'acrn-trace report --help' tells more\n")
