# SPDX-License-Identifier: BSD-3-Clause
"""``acrn-trace --engine plugin``: what it prints while the guest runs, and what it refuses."""

import os
import re
import signal
from pathlib import Path

import pytest
from acrn_trace.base.places import PLUGIN as PLUGIN_FILE
from acrn_trace.cli.plugin import API_VARIABLE, api_of
from acrn_trace.rings.plugin_memory import make
from helpers.guests import QEMU, arguments_of, build_test_guests, common_arguments, image_of
from helpers.launching import HELLO, HELLO_LINE, WAITS, check_refused, script
from helpers.process import SECONDS, ended, read_until, run, start, wait_until
from helpers.smp_log import CALLS
from helpers.tracing import acrn_trace
from helpers.tree import GUESTS, LAUNCHER

PLUGIN = ("--engine", "plugin")
INTERRUPTED = "acrn-trace: interrupted, and the guest was ended\n"
TIMES = re.compile(r"^(\[\d+\]) \d+\.\d+|<\d+\.\d+>|version=[^)]*", re.MULTILINE)


def trace(example, *options, more=()):
    line = (image_of(example), "--", *arguments_of(example), *more)
    return acrn_trace(*PLUGIN, *options, *line)


def test_lines_are_those_of_the_other_engine(folder):
    texts = []
    for engine in ("gdb", "plugin"):
        path = folder / engine
        line = ("--engine", engine, "-o", path, HELLO, *HELLO_LINE)
        assert acrn_trace(*line).status == 0
        texts.append(TIMES.sub(r"\1", path.read_text()).splitlines())
    calls = [[line for line in text if line.startswith("[")] for text in texts]
    assert calls[0] == calls[1] != []


def test_filters_forms_and_statuses_hold():
    counted = trace("smp", "-c", "-e", "status=failed", "-q")
    assert counted.status == 0, counted
    assert re.search(rf"\b{CALLS * 3 // 4} +{CALLS * 3 // 4}\b.* total", counted.err)
    failing = trace("clobber", "-q", "--fail-on", "clobber")
    assert failing.status == 1 and "!! " in failing.err, failing


@pytest.fixture(scope="module")
def hang():
    """A guest that makes two calls and then one that does not come back, where it prints WAITS."""
    build_test_guests()
    return GUESTS / "hang.elf"


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_a_call_that_hangs_is_shown_while_it_does(hang, folder, ending):
    trace = folder / "trace"
    line = [LAUNCHER, *PLUGIN, "-o", trace, hang, "--", *common_arguments()]
    with ended(start(line)) as running:
        read_until(running.stdout, WAITS)
        wait_until(lambda: trace.read_text().count("] ") == 3 or running.poll() is not None)
        assert running.poll() is None
        begun = trace.read_text()
        assert not begun.endswith("\n") and begun.count(" at calls.S") == 2, begun
        if ending == signal.SIGINT:
            running.send_signal(ending)
        else:
            os.kill(qemu_of(running.pid), ending)
        _, err = running.communicate(timeout=SECONDS)
    end = trace.read_text().removeprefix(begun)
    assert re.match(r"[^\n]*\) = \? <unfinished \.\.\.> at calls\.S:\d+ ", end), end
    assert end.endswith("\n+++ the connection to the guest ended, with 1 call in flight +++\n")
    if ending == signal.SIGINT:
        assert (running.returncode, err) == (0, INTERRUPTED)
    else:
        assert running.returncode == 3 and err.startswith("acrn-trace: QEMU was ended by SIGKILL")


def qemu_of(launcher):
    """The process id of the QEMU that a launcher has started."""
    return int(Path(f"/proc/{launcher}/task/{launcher}/children").read_text().split()[0])


@pytest.mark.parametrize(
    "options, more, word",
    [
        (("-k",), (), "-k is not to be had"),
        ((), ("-enable-kvm",), "TCG alone"),
        ((), ("-accel", "kvm"), "TCG alone"),
        ((), ("-smp", "2", "-icount", "1"), "the wrong vCPU"),
        ((), ("-smp", "2", "-accel", "tcg,thread=single"), "the wrong vCPU"),
        ((), ("-smp", "65"), "64 vCPUs"),
    ],
)
def test_what_it_cannot_do_is_refused_before_anything_runs(options, more, word):
    check_refused(acrn_trace(*PLUGIN, *options, HELLO, *HELLO_LINE, *more), 2, word)


@pytest.mark.parametrize("version", ["7.2.22", "9.2.0", "11.2.0", "99.0.0"])
def test_another_qemu_is_refused(folder, version):
    other = script(folder / "qemu", f"echo QEMU emulator version {version}\n")
    refused = acrn_trace(*PLUGIN, "--qemu", other, HELLO, *HELLO_LINE)
    check_refused(refused, 2, "the plugin is for QEMU 10.0 and 11.1", version[:3], "--engine gdb")


def test_a_qemu_that_is_not_there_is_told(folder):
    none = folder / "none"
    check_refused(acrn_trace(*PLUGIN, "--qemu", none, HELLO, *HELLO_LINE), 3, "cannot start")


def test_no_room_for_what_is_shared_is_told():
    """A limit of the size of files, in blocks of 512 bytes, is as a full disk."""
    line = [LAUNCHER, *PLUGIN, HELLO, *HELLO_LINE]
    limited = run(["sh", "-c", 'ulimit -f 2048 && exec "$@"', "sh", *line])
    check_refused(limited, 2, "there is no room for the memory that the plugin shares")


@pytest.mark.parametrize("spoiled", ["version", "cut", "none"])
def test_a_plugin_and_a_reader_of_different_versions_do_not_begin(folder, spoiled):
    memory = folder / "memory"
    make(str(memory), 1, [])
    data = memory.read_bytes()
    if spoiled == "version":
        memory.write_bytes(data[:8] + b"\x7f" + data[9:])
    elif spoiled == "cut":
        memory.write_bytes(data[:-1])
    else:
        memory.unlink()
    line = [QEMU, *common_arguments(), "-plugin", f"{PLUGIN_FILE},memory={memory}"]
    ended_so = run(line, environment={API_VARIABLE: str(api_of(QEMU))})
    assert ended_so.status == 1, ended_so
    assert "the memory that it was given is none of this version's" in ended_so.err
