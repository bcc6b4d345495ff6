# SPDX-License-Identifier: BSD-3-Clause
"""The guest, the stub or QEMU fails: status 3, and the trace is whole up to there."""

import os
import signal
import socket
from pathlib import Path

import pytest

from helpers.canonical import events_of
from helpers.guests import Guest, common_arguments, image_of
from helpers.launching import HELLO, HELLO_LINE, WAITS, check_refused, script
from helpers.process import SECONDS, Run, ended, processes_with, read_until


@pytest.mark.parametrize(
    "qemu, words",
    [
        ("exit 7", ["QEMU did not start: it ended with status 7"]),
        ("echo out of keyboards >&2; exit 1", ["QEMU did not start: out of keyboards"]),
        (None, ["cannot start", "No such file", "--qemu"]),
    ],
    ids=["silent", "talking", "missing"],
)
def test_a_qemu_that_does_not_start(qemu, words, tool, folder):
    path = script(folder / "qemu", qemu) if qemu else folder / "none"
    refused = tool("--qemu", path, "-o", folder / "trace", HELLO, *HELLO_LINE)
    check_refused(refused, 3, *words)
    assert not (folder / "trace").exists()


def test_qemus_own_words(tool):
    refused = tool(HELLO, "--", "-machine", "nonsense")
    check_refused(refused, 3, "QEMU did not start", "unsupported machine type")


def test_nobody_at_the_stub(tool, folder):
    refused = tool("-p", folder / "stub", "-o", folder / "trace", HELLO)
    check_refused(refused, 3, "cannot attach to the stub", str(folder / "stub"), "-gdb")
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        port = deaf.getsockname()[1]
        check_refused(tool("-p", f"127.0.0.1:{port}", HELLO), 3, "cannot attach", str(port))
    assert not (folder / "trace").exists()


def test_a_stub_that_hangs_up(tool, folder):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "stub"))
        server.listen()
        with ended(tool.start("-p", folder / "stub", HELLO)) as process:
            server.accept()[0].close()
            out, err = process.communicate(timeout=SECONDS)
    check_refused(Run(process.returncode, out, err), 3, "cannot attach", str(folder / "stub"))


def test_a_stub_that_vanishes(hang, tool, folder):
    """A QEMU that is not ours is killed while a call is in flight."""
    with Guest(folder, [*common_arguments(), "-kernel", hang]) as guest:
        attach = ("-p", guest.socket, "-f", "jsonl", "-o", folder / "trace", hang)
        with ended(tool.start(*attach)) as process:
            read_until(guest.process.stdout, WAITS)
            guest.process.kill()
            out, err = process.communicate(timeout=SECONDS)
    check_refused(Run(process.returncode, out, err), 3, "closed the connection before the guest")
    events = events_of(folder / "trace")
    assert [event["status"] for event in events] == ["returned", "returned", "unfinished"]


def test_a_guest_that_fails(tool):
    """Without its hypervisor the service example ends with status 3, in its own words."""
    failed = tool("-q", image_of("service"), "--", *common_arguments())
    assert failed.status == 3
    assert "no ACRN here" in failed.out
    why = "QEMU ended with status 3: the guest wrote 1 to isa-debug-exit; no site"
    assert failed.err.startswith(f"acrn-trace: {why} of the image was reached: "), failed.err


def qemu_below(folder: Path) -> int:
    """The process id of the QEMU whose socket is in ``folder``."""
    (pid,) = (pid for pid, line in processes_with(folder).items() if " -gdb " in line)
    return pid


@pytest.mark.parametrize("form", ["text", "jsonl"])
def test_a_qemu_that_is_killed_leaves_a_complete_trace(form, hang, tool, folder):
    """On the terminal the call in flight is there before it is back, and the file has both."""
    line = ["--", *common_arguments()]
    output = ["-o", folder / "trace"] if form == "jsonl" else []
    with ended(tool.start("-f", form, *output, hang, *line)) as process:
        read_until(process.stdout, WAITS)
        shown = read_until(process.stderr, "(0x2, 0x0") if form == "text" else ""
        os.kill(qemu_below(folder), signal.SIGKILL)
        _, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 3
    assert err.splitlines()[-1].startswith("acrn-trace: QEMU was ended by SIGKILL"), err
    if form == "jsonl":
        events = events_of(folder / "trace")
        assert [event["ret"] for event in events] == [0, 1, None]
        assert events[2]["status"] == "unfinished"
    else:
        assert (shown + err).count(" = ? <unfinished ...>") == 1


def test_a_full_disk(tool):
    full = tool("-f", "jsonl", "-o", "/dev/full", HELLO, *HELLO_LINE)
    assert full.status == 3
    assert full.err.count("\n") == 1 and "/dev/full: No space left on device" in full.err
