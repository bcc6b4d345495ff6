# SPDX-License-Identifier: BSD-3-Clause
"""Interrupts and signals end the trace, and a guest that is the launcher's own."""

import os
import signal

import pytest

from helpers.canonical import events_of
from helpers.guests import Guest, arguments_of, build_test_guests, common_arguments, image_of
from helpers.launching import HELLO, HELLO_LINE, WAITS, check_refused, script
from helpers.process import SECONDS, Run, ended, read_until, wait_until
from helpers.tracing import gdb_at
from helpers.tree import GUESTS, IMAGES


def test_an_interrupt_ends_the_trace_and_the_guest(hang, tool, folder):
    with ended(tool.start(hang, "--", *common_arguments())) as process:
        read_until(process.stdout, WAITS)
        shown = read_until(process.stderr, "(0x2, 0x0")
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=SECONDS)
    trace = shown + err
    assert (process.returncode, out) == (0, ""), trace
    assert "+++ interrupted, in flight: [0] hypercall_0x80000099(0x2, 0x0" in trace
    assert trace.count(" = ? <unfinished ...>") == 1
    assert "Traceback" not in trace


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_to_the_launcher_alone(number, hang, tool):
    with ended(tool.start(hang, "--", *common_arguments())) as process:
        read_until(process.stdout, WAITS)
        process.send_signal(number)
        _, err = process.communicate(timeout=SECONDS)
    assert process.returncode == (0 if number == signal.SIGINT else 3)
    assert "Traceback" not in err


def test_an_interrupt_before_the_trace(tool, folder):
    """While the launcher asks a GDB, which takes its time, how old it is."""
    gdb = script(folder / "gdb", f"echo > {folder}/asked; exec sleep 3600")
    with ended(tool.start("--gdb", gdb, HELLO, *HELLO_LINE)) as process:
        wait_until((folder / "asked").exists, process)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=SECONDS)
    check_refused(Run(process.returncode, out, err), 3, "interrupted")


def test_attached_an_interrupt_leaves_the_guest_running(tool, folder):
    """On two vCPUs that make calls all the time, and go on until told that it is enough."""
    build_test_guests()
    image, output = GUESTS / "endless.elf", folder / "trace"
    with Guest(folder, [*common_arguments(), "-smp", "2", "-kernel", image]) as guest:
        attach = ("-p", guest.socket, "-f", "jsonl", "-o", output, image)
        with ended(tool.start(*attach)) as process:
            wait_until(lambda: output.exists() and output.stat().st_size > 10_000, process)
            os.killpg(process.pid, signal.SIGINT)
            _, err = process.communicate(timeout=SECONDS)
        told = gdb_at(guest, image, "set var enough = 1", "detach")
        finished = guest.finished()
    assert process.returncode == 0, err
    assert len(events_of(output)) > 10
    assert (finished.status, finished.out) == (0, "endless: calls in order: 1 1\n"), told


def test_an_interrupt_while_the_guest_does_not_run_the_image(tool):
    line = [*arguments_of("smp"), "-initrd", IMAGES / "crash.elf", "-append", "idle"]
    with ended(tool.start(image_of("smp"), "--", *line)) as process:
        read_until(process.stdout, "crash: idle")
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 3
    assert err.startswith("acrn-trace: no site of the image was reached: is it the image")
    assert err.count("\n") == 1, err
